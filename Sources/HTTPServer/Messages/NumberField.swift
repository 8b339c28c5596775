/// A response header field whose value is a number: written without allocation.
public struct NumberField: Sendable {
    /// The field's name, a token; as for `HeaderField`.
    public let name: StaticString
    /// The field's value, not negative.
    public let value: Int

    /// Makes a field.
    ///
    /// - Precondition: `value` is not negative.
    public init(_ name: StaticString, _ value: Int) {
        precondition(value >= 0, "a field's number is not negative")
        self.name = name
        self.value = value
    }
}
