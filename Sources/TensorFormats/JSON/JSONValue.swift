/// A JSON value as a tree, for configuration and metadata; requests are read with `JSONScanner` instead.
public indirect enum JSONValue: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number written without fraction and exponent that an `Int` holds; and any integer past 2⁵³ that one holds.
    case integer(Int)
    /// An integer beyond `Int` that a `UInt64` holds.
    case unsigned(UInt64)
    /// Any other number.
    case number(Double)
    /// A number that is no integer of 64 bits, though the `Double` nearest to it could be taken for one; and its text. Nobody may take
    /// `3.00000000000000000001` for 3.
    case rounded(Double, String)
    /// A string, its escapes resolved.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object, its keys in their order.
    case object(JSONObject)

    /// What the value is.
    public var kind: JSONKind {
        switch self {
        case .null: .null
        case .bool: .bool
        case .integer, .unsigned, .number, .rounded: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    /// The value as a `Double`, if it is a number: the nearest one.
    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .number(let value), .rounded(let value, _): value
        default: nil
        }
    }

    /// The value as an `Int`, if it is an integer that fits, however it is written: `3.0` is 3, as JSON Schema has it (draft 2020-12,
    /// validation, section 6.1.1). What was read has not been rounded to it.
    public var int: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The value as a `UInt64`, if it is an integer that fits, however it is written.
    public var uint64: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        case .unsigned(let value): value
        case .number(let value): UInt64(exactly: value)
        default: nil
        }
    }

    /// The value as a `String`, if it is one.
    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The value as a `Bool`, if it is one.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The value as an array, if it is one.
    public var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The value as an object, if it is one.
    public var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }
}
