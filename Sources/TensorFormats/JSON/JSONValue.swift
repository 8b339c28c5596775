/// A JSON value as a tree, for configuration and metadata; requests are read with `JSONScanner` instead.
public indirect enum JSONValue: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number written without fraction and exponent that fits an `Int`; also any other integer past 2⁵³ that does.
    case integer(Int)
    /// An integer beyond `Int` that fits a `UInt64`.
    case unsigned(UInt64)
    /// Any other number.
    case number(Double)
    /// A number that is not a 64-bit integer although the nearest `Double` looks like one, and its text: `3.00000000000000000001` must not
    /// pass for 3.
    case rounded(Double, String)
    /// A string with its escapes resolved.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object with its keys in their order.
    case object(JSONObject)

    /// The kind of the value.
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

    /// The nearest `Double`, if the value is a number.
    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .number(let value), .rounded(let value, _): value
        default: nil
        }
    }

    /// The value as an `Int`, if it is an integer that fits, in any notation: `3.0` is 3, as in JSON Schema (draft 2020-12, validation,
    /// section 6.1.1). No rounding is involved.
    public var int: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The value as a `UInt64`, if it is an integer that fits, in any notation.
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
