/// The byte order marks at the start of texts in other encodings, and of some in UTF-8 (The Unicode Standard, section 23.8).
public enum ByteOrderMark {
    /// The length of UTF-8's mark.
    public static let length = 3

    /// The bytes of a mark at the start of a UTF-8 text: 3 or 0.
    @inline(__always)
    public static func length(of text: UnsafeRawBufferPointer) -> Int {
        text.count >= length && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF ? length : 0
    }

    /// A text in an encoding other than UTF-8, according to its mark.
    public struct OtherEncoding: Error, Equatable, Sendable, CustomStringConvertible {
        /// UTF-16 or UTF-32.
        public let name: String

        /// The reason in English, to follow the text's name.
        public var description: String { "begins with a byte order mark of \(name), expected UTF-8" }
    }

    /// The number of bytes to skip at the start of a text.
    ///
    /// - Throws: `OtherEncoding` if the mark is that of another encoding.
    public static func check(_ text: UnsafeRawBufferPointer) throws(OtherEncoding) -> Int {
        if let name = otherEncoding(of: text) { throw OtherEncoding(name: name) }
        return length(of: text)
    }

    /// The encoding named by the mark at the start of a text, if it is not UTF-8: UTF-16 or UTF-32.
    public static func otherEncoding(of text: UnsafeRawBufferPointer) -> String? {
        let start = text.prefix(4)
        if start.elementsEqual([0xFF, 0xFE, 0, 0]) || start.elementsEqual([0, 0, 0xFE, 0xFF]) { return "UTF-32" }
        return start.prefix(2).elementsEqual([0xFF, 0xFE]) || start.prefix(2).elementsEqual([0xFE, 0xFF]) ? "UTF-16" : nil
    }
}
