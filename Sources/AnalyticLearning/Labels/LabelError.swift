/// Why a text is no label.
public enum LabelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// It has no bytes.
    case empty
    /// It has more than `Label.maximumBytes`.
    case tooLong(bytes: Int)
    /// U+0000 is in it, which ends a text in many a language and file format, and cannot stand in a path.
    case null
    /// It is not UTF-8.
    case notUTF8

    /// What is wrong with it and what would be right, to be put behind its place.
    public var description: String {
        switch self {
        case .empty: "is empty, expected 1 to \(Label.maximumBytes) bytes"
        case .tooLong(let bytes): "has \(bytes) bytes, expected 1 to \(Label.maximumBytes)"
        case .null: "contains U+0000, expected text without it"
        case .notUTF8: "is not UTF-8"
        }
    }
}
