/// A list of UTF-8 strings in one block of bytes: two allocations, however many there are.
///
/// Carries a batch's class labels from the request's body to the class registry.
public struct PackedStrings: Sendable, Equatable {
    /// The texts without separators.
    var bytes: [UInt8] = []
    /// Where each text ends in `bytes`; the next one starts there.
    var ends: [Int] = []

    /// An empty list.
    public init() {}

    /// A list of the given strings.
    public init(_ strings: some Sequence<String>) {
        for string in strings { append(string) }
    }

    /// The number of strings.
    public var count: Int { ends.count }

    /// Whether there are no strings.
    public var isEmpty: Bool { ends.isEmpty }

    /// The bytes of all strings together.
    public var byteCount: Int { bytes.count }

    /// The string at `index`.
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

    /// Calls `body` with the bytes of all strings, without separators.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The array's own withUnsafeBytes rethrows untyped.
        try bytes.withUnsafeBufferPointer { (buffer) throws(Failure) -> Result in try body(UnsafeRawBufferPointer(buffer)) }
    }

    /// The range of the string at `index` within the bytes of all.
    public func byteRange(at index: Int) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    /// Appends a string.
    public mutating func append(_ string: String) {
        bytes.append(contentsOf: string.utf8)
        ends.append(bytes.count)
    }

    /// Appends a string given as bytes, which must be valid UTF-8.
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

    /// Reserves space for `count` more strings with `byteCount` bytes together.
    public mutating func reserveAppending(_ count: Int, byteCount: Int) {
        ends.reserveAppending(count)
        bytes.reserveAppending(byteCount)
    }
}
