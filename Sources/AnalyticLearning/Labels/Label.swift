/// The name of a class: text that is compared, hashed and ordered by its UTF-8 bytes.
///
/// Swift's own `String` compares by canonical equivalence: "é" as one code point and as an e with an accent behind it are one string. They
/// are two labels, as they are for every client that does not compare as Swift does. So no label is ever compared as a `String`.
public struct Label: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The longest label, in bytes of UTF-8.
    public static let maximumBytes = 1024

    /// The text, to be written or shown. It is never compared: labels are.
    public let text: String

    /// A label of a text.
    ///
    /// - Throws: `LabelError` where the text is empty, too long, or has U+0000 in it.
    public init(_ text: String) throws(LabelError) {
        var text = text
        // The bytes lie in one piece from here on.
        text.makeContiguousUTF8()
        if let fault = Self.withBytes(of: text, { Self.fault(in: $0) }) { throw fault }
        self.text = text
    }

    /// A label of bytes.
    ///
    /// - Throws: `LabelError`.
    /// - Complexity: linear in the bytes, of which no more than `maximumBytes` are looked at; allocates where there are more than 15.
    public init(utf8 bytes: UnsafeRawBufferPointer) throws(LabelError) {
        if let fault = Self.fault(in: bytes) { throw fault }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        self.text = text
    }

    /// What keeps bytes that are UTF-8 from being a label; nil where nothing does.
    ///
    /// - Complexity: linear in the bytes, of which no more than `maximumBytes` are looked at; allocates nothing.
    public static func fault(in utf8: UnsafeRawBufferPointer) -> LabelError? {
        guard !utf8.isEmpty else { return .empty }
        guard utf8.count <= maximumBytes else { return .tooLong(bytes: utf8.count) }
        return utf8.contains(0) ? .null : nil
    }

    /// The number of bytes, 1 to `maximumBytes`.
    public var byteCount: Int { text.utf8.count }

    /// What the text takes beside the words of a value: short ones lie in those.
    public var heapBytes: Int { byteCount > 15 ? byteCount + 48 : 0 }

    /// The text.
    public var description: String { text }

    /// Whether the bytes are the same.
    public static func == (left: Label, right: Label) -> Bool {
        guard left.byteCount == right.byteCount else { return false }
        return left.withBytes { left in right.withBytes { right in left.elementsEqual(right) } }
    }

    /// Whether the bytes of one come before those of the other, a label before its own continuations.
    public static func < (left: Label, right: Label) -> Bool {
        left.withBytes { left in right.withBytes { right in left.lexicographicallyPrecedes(right) } }
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        withBytes { hasher.combine(bytes: $0) }
        // Where several labels are hashed one after another, their borders count.
        hasher.combine(UInt8.max)
    }

    /// Calls `body` with the bytes, which are valid only during the call.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { Self.withBytes(of: text, body) }

    private static func withBytes<Result>(of text: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let result = text.utf8.withContiguousStorageIfAvailable({ body(UnsafeRawBufferPointer($0)) }) { return result }
        var copy = text
        return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
