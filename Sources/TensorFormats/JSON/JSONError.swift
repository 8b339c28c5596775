/// Why a JSON text or a value in it was refused, and where.
public struct JSONError: Error, Equatable, Sendable {
    /// What was wrong.
    public enum Kind: Equatable, Sendable {
        /// The text ends too early.
        case unexpectedEnd(expected: String)
        /// A byte that is not allowed here.
        case unexpectedByte(UInt8, expected: String)
        /// A well-formed value of the wrong kind.
        case wrongKind(JSONKind, expected: String)
        /// A number that breaks the grammar of RFC 8259, section 6.
        case invalidNumber(String)
        /// A number with a fraction or an exponent where an integer is required.
        case notAnInteger(String)
        /// An integer out of the reader's range.
        case integerOutOfRange(String)
        /// A number that exceeds `Double` or the reader's limit on magnitudes.
        case magnitude(String, limit: Double)
        /// A number within the limit on magnitudes that exceeds the range of `Float`.
        case outOfFloatRange(String)
        /// Bytes in a string that are not UTF-8 (RFC 3629).
        case invalidUTF8
        /// A byte below 0x20 in a string, which must be escaped.
        case controlCharacter(UInt8)
        /// An escape that RFC 8259, section 7, does not define.
        case invalidEscape
        /// A `\u` escape of half a surrogate pair.
        case loneSurrogate
        /// A string or number longer than allowed.
        case tooLong(limit: Int)
        /// Containers nested deeper than allowed.
        case tooDeep(limit: Int)
        /// An array with the wrong number of values.
        case wrongCount(Int, expected: Int)
        /// More rows (or labels) than allowed.
        case tooMany(limit: Int)
        /// A key that occurs twice in one object.
        case duplicateKey(String)
        /// A text with the byte order mark of an encoding other than UTF-8.
        case otherEncoding(String)
        /// Something after the text's only value.
        case trailingBytes
    }

    /// The refused value of a request.
    public typealias Place = FieldPlace

    /// What was wrong.
    public var kind: Kind
    /// The offset of the error in bytes, from 0.
    public var offset: Int
    /// The value concerned, if the reader knows its name.
    public var place: Place?

    /// Makes an error.
    public init(_ kind: Kind, at offset: Int, place: Place? = nil) {
        self.kind = kind
        self.offset = offset
        self.place = place
    }
}

extension JSONError: CustomStringConvertible {
    /// The reason in English, with the place but without the offset: `features[3] has 383 values, expected 384`.
    public var reason: String {
        /// The place, or the noun if there is none.
        func subject(_ noun: String) -> String { place.map(\.description) ?? noun }
        switch kind {
        case .unexpectedEnd(let expected):
            return "\(subject("the text")) ends too early, expected \(expected)"
        case .unexpectedByte(let byte, let expected):
            return (place.map { "\($0): " } ?? "") + "unexpected \(Self.name(of: byte)), expected \(expected)"
        case .wrongKind(let kind, let expected):
            return "\(subject("the value")) is \(kind), expected \(expected)"
        case .invalidNumber(let why):
            return "\(subject("the value")) is not a valid number: \(why)"
        case .notAnInteger(let token):
            return "\(subject("the value")) is \(token), expected an integer"
        case .integerOutOfRange(let token):
            return "\(subject("the value")) is \(token), which is out of range"
        case .magnitude(let token, let limit):
            let bound = limit == .greatestFiniteMagnitude ? "" : " and at most \(ShortestDecimal.text(of: limit))"
            return "\(subject("the value")) is \(token); magnitude must be finite\(bound)"
        case .outOfFloatRange(let token):
            return "\(subject("the value")) is \(token), beyond the range of 32-bit floats"
        case .invalidUTF8:
            return "\(subject("a string")) is not valid UTF-8"
        case .controlCharacter(let byte):
            return "\(subject("a string")) contains the unescaped control character \(Self.name(of: byte))"
        case .invalidEscape:
            return "\(subject("a string")) contains an invalid escape"
        case .loneSurrogate:
            return "\(subject("a string")) contains half of a surrogate pair"
        case .tooLong(let limit):
            return "\(subject("the value")) is longer than \(limit) bytes"
        case .tooDeep(let limit):
            return "\(subject("the value")) is nested deeper than \(limit) levels"
        case .wrongCount(let count, let expected):
            return "\(subject("the array")) has \(count) value\(count == 1 ? "" : "s"), expected \(expected)"
        case .tooMany(let limit):
            return "\(subject("the array")) has more than \(limit) entries"
        case .duplicateKey(let key):
            return "\(subject("the object")) has the key \"\(key)\" twice"
        case .otherEncoding(let name):
            return "the text begins with a byte order mark of \(name), expected UTF-8"
        case .trailingBytes:
            return "only white space may follow the value"
        }
    }

    /// The reason and the offset.
    public var description: String { "\(reason) (at byte \(offset))" }

    private static func name(of byte: UInt8) -> String {
        switch byte {
        case 0x21...0x7E: "'\(Character(Unicode.Scalar(byte)))'"
        default: "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }
}
