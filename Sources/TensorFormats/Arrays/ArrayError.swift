/// Why an array cannot be used as features or labels.
public struct ArrayError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public enum Kind: Equatable, Sendable {
        /// Elements of the wrong type.
        case wrongScalar(ArrayScalar, expected: String)
        /// A shape that does not fit; `expected` says in words what would.
        case wrongShape([Int], expected: String)
        /// More rows (or labels) than allowed.
        case tooMany(limit: Int)
        /// A value that is not finite or exceeds the limit.
        case magnitude(String, limit: Double)
        /// A value within the limit that exceeds the range of `Float`.
        case outOfFloatRange(String)
        /// An integer that no `Double` holds exactly.
        case inexact(String)
        /// A byte of a boolean that is neither 0 nor 1.
        case notBool(String)
        /// A label longer than allowed.
        case tooLong(limit: Int)
        /// A label that is not Unicode text.
        case invalidText
    }

    /// What was wrong.
    public var kind: Kind
    /// The array or the value in it.
    public var place: FieldPlace

    /// Makes an error.
    public init(_ kind: Kind, place: FieldPlace) {
        self.kind = kind
        self.place = place
    }

    /// The reason in English: `features[3][17] is nan; magnitude must be finite and at most 1e50`.
    public var description: String {
        switch kind {
        case .wrongScalar(let scalar, let expected): "\(place) has elements of type \(scalar), expected \(expected)"
        case .wrongShape(let shape, let expected): "\(place) has shape \(shape), expected \(expected)"
        case .tooMany(let limit): "\(place) has more than \(limit) entries"
        case .magnitude(let value, let limit):
            "\(place) is \(value); magnitude must be finite"
                + (limit == .greatestFiniteMagnitude ? "" : " and at most \(ShortestDecimal.text(of: limit))")
        case .outOfFloatRange(let value): "\(place) is \(value), beyond the range of 32-bit floats"
        case .inexact(let value): "\(place) is \(value), which a 64-bit float cannot hold exactly"
        case .notBool(let value): "\(place) is the byte \(value), expected a bool: 0 or 1"
        case .tooLong(let limit): "\(place) is longer than \(limit) bytes"
        case .invalidText: "\(place) is not valid Unicode text"
        }
    }
}
