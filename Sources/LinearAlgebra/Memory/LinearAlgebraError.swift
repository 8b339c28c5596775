/// Errors of the numeric kernel.
public enum LinearAlgebraError: Error, Equatable, Sendable {
    /// Not enough memory for a matrix of this many bytes.
    case outOfMemory(bytes: Int)
    /// A matrix that must be positive definite is not, to working precision.
    case notPositiveDefinite
    /// The eigensolver did not converge, or its input was not finite.
    case eigensolverFailed
}
