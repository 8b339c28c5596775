/// A response header field with a numeric value, written without allocation.
public struct NumberField: Sendable {
    /// The field's name, a token, as in `HeaderField`.
    public let name: StaticString
    /// The field's value, not negative.
    public let value: Int

    /// Creates a field.
    ///
    /// - Precondition: `value` is not negative.
    public init(_ name: StaticString, _ value: Int) {
        precondition(value >= 0, "a field's number is not negative")
        self.name = name
        self.value = value
    }
}
