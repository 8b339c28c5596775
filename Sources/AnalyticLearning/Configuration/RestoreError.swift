/// A saved state that contradicts itself.
public enum RestoreError: Error, Equatable, Sendable {
    /// A label occurs twice.
    case label(Label)
    /// A part does not have the size required by the configuration and the labels.
    case size(part: String, count: Int, expected: Int)
    /// A part holds a value that is not finite or not possible.
    case value(part: String, index: Int)
    /// W does not solve (G+λI)W = Q: the relative residual is above 1e-6.
    case residual(Double)
}
