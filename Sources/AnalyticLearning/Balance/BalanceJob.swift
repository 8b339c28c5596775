public import LinearAlgebra
internal import Synchronization

/// Work that makes balanced weights from a state of the truth, on whatever thread, while the classifier goes on learning.
///
/// A classifier makes it by copying G, Q and the moments; class sketches are shared until one of them is written to. It holds one D×D
/// square while it lives, and drops it when it has run. What it computes depends on the copied state alone.
public final class BalanceJob: Sendable {
    /// The state whose balanced weights it makes.
    public let version: Int
    private let problem: Mutex<BalanceProblem?>

    init(version: Int, problem: consuming BalanceProblem) {
        self.version = version
        self.problem = Mutex(problem)
    }

    /// Makes the weights. A job runs once.
    ///
    /// - Parameter shouldStop: is asked between blocks of drawn rows: with `cap` 0 their number grows with the stream.
    /// - Throws: `BalanceError.stopped`, or `.solver` where not even the spectrum gives finite weights or there is no memory.
    /// - Complexity: for k drawn or sketched rows in all, k·d·D + kD²/2 + D³/6 + D²C multiply-adds. It does not grow with the stream, but
    ///   for `cap` 0.
    public func run(shouldStop: () -> Bool = { false }) throws(BalanceError) -> BalancedWeights {
        guard let problem = problem.withLock({ $0.take() }) else { preconditionFailure("a balance job runs once") }
        return try problem.solved(version: version, shouldStop: shouldStop)
    }
}

/// Why balanced weights could not be made; the old ones stay.
public enum BalanceError: Error, Equatable, Sendable {
    /// The caller asked the job to stop.
    case stopped
    /// There is no class that could have weights.
    case noClass
    /// The solver failed, or found no memory.
    case solver(LinearAlgebraError)
}
