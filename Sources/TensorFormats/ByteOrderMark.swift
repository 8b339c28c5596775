/// What texts of other encodings, and some of UTF-8, begin with (The Unicode Standard, section 23.8).
public enum ByteOrderMark {
    /// The length of the mark of UTF-8.
    public static let length = 3

    /// The bytes at the start of a UTF-8 text that are no part of it: 3 for its mark, else 0.
    @inline(__always)
    public static func length(of text: UnsafeRawBufferPointer) -> Int {
        text.count >= length && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF ? length : 0
    }

    /// A text in another encoding than UTF-8, as its mark says.
    public struct OtherEncoding: Error, Equatable, Sendable, CustomStringConvertible {
        /// UTF-16 or UTF-32.
        public let name: String

        /// The reason in English, to stand behind the text's name.
        public var description: String { "begins with a byte order mark of \(name), expected UTF-8" }
    }

    /// The number of bytes to pass over at the start of a text.
    ///
    /// - Throws: `OtherEncoding` where the mark is another encoding's.
    public static func check(_ text: UnsafeRawBufferPointer) throws(OtherEncoding) -> Int {
        if let name = otherEncoding(of: text) { throw OtherEncoding(name: name) }
        return length(of: text)
    }

    /// The encoding that the mark at the start of a text names, where it is not UTF-8: UTF-16 or UTF-32.
    public static func otherEncoding(of text: UnsafeRawBufferPointer) -> String? {
        let start = text.prefix(4)
        if start.elementsEqual([0xFF, 0xFE, 0, 0]) || start.elementsEqual([0, 0, 0xFE, 0xFF]) { return "UTF-32" }
        return start.prefix(2).elementsEqual([0xFF, 0xFE]) || start.prefix(2).elementsEqual([0xFE, 0xFF]) ? "UTF-16" : nil
    }
}
