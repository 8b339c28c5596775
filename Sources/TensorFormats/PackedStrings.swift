/// A list of UTF-8 strings in one block of bytes: two allocations however many there are.
///
/// Class labels of a batch travel in this form from the request's body to the class registry.
public struct PackedStrings: Sendable, Equatable {
    /// The texts one after the other.
    var bytes: [UInt8] = []
    /// Where each text ends in `bytes`; it starts where the one before ends.
    var ends: [Int] = []

    /// An empty list.
    public init() {}

    /// A list of the given strings.
    public init(_ strings: some Sequence<String>) {
        for string in strings { append(string) }
    }

    /// The number of strings.
    public var count: Int { ends.count }

    /// Whether there are none.
    public var isEmpty: Bool { ends.isEmpty }

    /// The bytes of all strings together.
    public var byteCount: Int { bytes.count }

    /// The string at `index`, as a value of its own.
    ///
    /// - Complexity: Linear in its length.
    public subscript(index: Int) -> String {
        withUnsafeBytes(at: index) { String(decoding: $0, as: UTF8.self) }
    }

    /// Calls `body` with the UTF-8 bytes of the string at `index`, which are valid only during the call.
    @inlinable
    public func withUnsafeBytes<Result, Failure: Error>(
        at index: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let range = byteRange(at: index)
        return try withUnsafeBytes { (all) throws(Failure) -> Result in try body(UnsafeRawBufferPointer(rebasing: all[range])) }
    }

    /// Calls `body` with the bytes of all strings, one after the other.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The array's own withUnsafeBytes rethrows untyped.
        try bytes.withUnsafeBufferPointer { (buffer) throws(Failure) -> Result in try body(UnsafeRawBufferPointer(buffer)) }
    }

    /// Where the string at `index` lies among the bytes of all.
    public func byteRange(at index: Int) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    /// Appends a string.
    public mutating func append(_ string: String) {
        bytes.append(contentsOf: string.utf8)
        ends.append(bytes.count)
    }

    /// Appends a string given as bytes, which must be valid UTF-8 already.
    public mutating func append(utf8 text: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
    }

    /// Keeps the first `count` strings.
    ///
    /// - Precondition: `count` is at most the number of strings.
    public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= ends.count)
        ends.removeLast(ends.count - count)
        bytes.removeLast(bytes.count - (ends.last ?? 0))
    }

    /// Removes all strings.
    public mutating func removeAll(keepingCapacity: Bool = false) {
        bytes.removeAll(keepingCapacity: keepingCapacity)
        ends.removeAll(keepingCapacity: keepingCapacity)
    }

    /// Makes room for `count` strings more, of `byteCount` bytes together.
    public mutating func reserveAppending(_ count: Int, byteCount: Int) {
        ends.reserveAppending(count)
        bytes.reserveAppending(byteCount)
    }
}
