/// A response header field.
public struct HeaderField: Sendable {
    /// The field's name, a token.
    public let name: StaticString
    /// The field's value. Control characters (including line ends) are sent as spaces, so that no value can end the field.
    public let value: String

    /// Makes a field. Framing fields (`Content-Length`, `Transfer-Encoding`, `Connection`) and `Date`, `Server`, `Content-Type` are
    /// written by the server; do not add them.
    public init(_ name: StaticString, _ value: String) {
        self.name = name
        self.value = value
    }
}
