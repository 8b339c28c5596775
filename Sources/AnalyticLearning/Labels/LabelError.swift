/// Why a text is not a valid label.
public enum LabelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// It has no bytes.
    case empty
    /// It has more than `Label.maximumBytes`.
    case tooLong(bytes: Int)
    /// It contains U+0000, which ends a text in many languages and file formats and is not allowed in paths.
    case null
    /// It is not UTF-8.
    case notUTF8

    /// What is wrong and what would be right, to follow the name of the field.
    public var description: String {
        switch self {
        case .empty: "is empty, expected 1 to \(Label.maximumBytes) bytes"
        case .tooLong(let bytes): "has \(bytes) bytes, expected 1 to \(Label.maximumBytes)"
        case .null: "contains U+0000, expected text without it"
        case .notUTF8: "is not UTF-8"
        }
    }
}
