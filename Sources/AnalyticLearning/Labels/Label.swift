/// The name of a class: text that is compared, hashed and ordered by its UTF-8 bytes.
///
/// Swift's `String` compares by canonical equivalence: "é" as one code point and as an e with a combining accent are equal. As
/// labels they differ, as they do for clients in other languages. So labels are never compared as `String`.
public struct Label: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The longest label, in bytes of UTF-8.
    public static let maximumBytes = 1024

    /// The text, for output only; never compared.
    public let text: String

    /// A label from a text.
    ///
    /// - Throws: `LabelError` if the text is empty, too long, or contains U+0000.
    public init(_ text: String) throws(LabelError) {
        var text = text
        // Makes the bytes contiguous.
        text.makeContiguousUTF8()
        if let fault = Self.withBytes(of: text, { Self.fault(in: $0) }) { throw fault }
        self.text = text
    }

    /// A label from bytes.
    ///
    /// - Throws: `LabelError`.
    /// - Complexity: linear in the bytes, of which at most `maximumBytes` are read; allocates if there are more than 15.
    public init(utf8 bytes: UnsafeRawBufferPointer) throws(LabelError) {
        if let fault = Self.fault(in: bytes) { throw fault }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        self.text = text
    }

    /// Why UTF-8 bytes are not a valid label; nil if they are.
    ///
    /// - Complexity: linear in the bytes, of which at most `maximumBytes` are read; allocates nothing.
    public static func fault(in utf8: UnsafeRawBufferPointer) -> LabelError? {
        guard !utf8.isEmpty else { return .empty }
        guard utf8.count <= maximumBytes else { return .tooLong(bytes: utf8.count) }
        return utf8.contains(0) ? .null : nil
    }

    /// The number of bytes, 1 to `maximumBytes`.
    public var byteCount: Int { text.utf8.count }

    /// The heap memory of the text: 0 for short ones, which are stored inline.
    public var heapBytes: Int { byteCount > 15 ? byteCount + 48 : 0 }

    /// The text.
    public var description: String { text }

    /// Whether the bytes are equal.
    public static func == (left: Label, right: Label) -> Bool {
        guard left.byteCount == right.byteCount else { return false }
        return left.withBytes { left in right.withBytes { right in left.elementsEqual(right) } }
    }

    /// Compares bytes lexicographically; a prefix comes first.
    public static func < (left: Label, right: Label) -> Bool {
        left.withBytes { left in right.withBytes { right in left.lexicographicallyPrecedes(right) } }
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        withBytes { hasher.combine(bytes: $0) }
        // Separates labels that are hashed one after another.
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
