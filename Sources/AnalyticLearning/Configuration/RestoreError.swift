/// A saved state that contradicts itself.
public enum RestoreError: Error, Equatable, Sendable {
    /// A label stands twice.
    case label(Label)
    /// A part has another size than the configuration and the labels say.
    case size(part: String, count: Int, expected: Int)
    /// A part holds a value that is not finite, or not possible, at a position.
    case value(part: String, index: Int)
    /// W does not solve (G+λI)W = Q: the relative residual is above 1e-6.
    case residual(Double)
}
