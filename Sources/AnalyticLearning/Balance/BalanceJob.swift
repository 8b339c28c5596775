public import LinearAlgebra
internal import Synchronization

/// Computes balanced weights from a state of the truth, on any thread, while the classifier keeps learning.
///
/// Creating it copies G, Q and the moments; class sketches are shared until one is written. It holds one D×D square and frees it
/// after the run. The result depends only on the copied state.
public final class BalanceJob: Sendable {
    /// The version of the state it starts from.
    public let version: Int
    private let problem: Mutex<BalanceProblem?>

    init(version: Int, problem: consuming BalanceProblem) {
        self.version = version
        self.problem = Mutex(problem)
    }

    /// Computes the weights. A job runs once.
    ///
    /// - Parameter shouldStop: called between blocks of drawn rows; with `cap` 0 their number grows with the stream.
    /// - Throws: `BalanceError.stopped`, or `.solver` if even the solution by eigenvectors is not finite, or memory runs out.
    /// - Complexity: k·d·D + kD²/2 + D³/6 + D²C multiply-adds for k drawn or sketched rows. Independent of the stream's
    ///   length, except with `cap` 0.
    public func run(shouldStop: () -> Bool = { false }) throws(BalanceError) -> BalancedWeights {
        guard let problem = problem.withLock({ $0.take() }) else { preconditionFailure("a balance job runs once") }
        return try problem.solved(version: version, shouldStop: shouldStop)
    }
}

/// Why balanced weights could not be computed; the old ones stay.
public enum BalanceError: Error, Equatable, Sendable {
    /// The caller asked the job to stop.
    case stopped
    /// No class can have weights.
    case noClass
    /// The solver failed or ran out of memory.
    case solver(LinearAlgebraError)
}
