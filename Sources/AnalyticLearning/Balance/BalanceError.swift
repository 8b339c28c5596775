public import LinearAlgebra

/// Why balanced weights could not be made; the old ones stay.
public enum BalanceError: Error, Equatable, Sendable {
    /// The caller asked the job to stop.
    case stopped
    /// The solver failed, or found no memory.
    case solver(LinearAlgebraError)
}
