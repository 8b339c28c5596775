public import LinearAlgebra
internal import Synchronization

/// Computes balanced weights from a state of the truth, on any thread, while the classifier keeps learning.
///
/// Creating it copies G, Q and the moments; class sketches are shared until one is written. It holds one D×D square and frees it
/// after the run. The job of a discriminant copies Q and W instead, and holds no square. The result depends only on the copied state.
public final class BalanceJob: Sendable {
    /// The version of the state it starts from.
    public let version: Int
    private let problem: Mutex<Problem?>

    /// What there is to compute.
    enum Problem: ~Copyable, Sendable {
        /// W̃ of other sums.
        case linear(BalanceProblem)
        /// A discriminant.
        case discriminant(DiscriminantProblem)
    }

    init(version: Int, problem: consuming Problem) {
        self.version = version
        self.problem = Mutex(problem)
    }

    /// Computes the weights. A job runs once.
    ///
    /// - Parameter shouldStop: called between blocks of drawn rows; with `cap` 0 their number grows with the stream.
    /// - Throws: `BalanceError.stopped`, `.unavailable`, or `.solver` if even the solution by eigenvectors is not finite, or memory
    ///   runs out.
    /// - Complexity: k·d·D + kD²/2 + D³/6 + D²C multiply-adds for k drawn or sketched rows; of a discriminant, 5DC² and about
    ///   7kC² for k drawn rows. Independent of the stream's length, except with `cap` 0.
    public func run(shouldStop: () -> Bool = { false }) throws(BalanceError) -> BalancedWeights {
        guard let problem = problem.withLock({ $0.take() }) else { preconditionFailure("a balance job runs once") }
        switch consume problem {
        case .linear(let problem): return try problem.solved(version: version, shouldStop: shouldStop)
        case .discriminant(let problem): return try problem.solved(version: version, shouldStop: shouldStop)
        }
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
    /// This state has no such weights.
    case unavailable(BalanceUnavailable)
}

/// A state that has no balanced weights of the kind that the model asks for: the plain ones predict.
public struct BalanceUnavailable: Equatable, Sendable, CustomStringConvertible {
    /// The version of the state.
    public let version: Int
    /// The classifier's epoch that it belongs to.
    let epoch: Int
    /// Why.
    public let reason: Reason

    /// Why a state has none.
    public enum Reason: Equatable, Sendable {
        /// So much of the classes' rows follows from their labels that the scatter within the classes has lost its digits; or the model is
        /// ill-conditioned as a whole.
        case illConditioned
        /// More classes than a job takes.
        case tooManyClasses
    }

    /// The reason in words.
    public var description: String {
        switch reason {
        case .illConditioned: "the scatter within the classes has lost its digits; a larger ridge, or more rows, would help"
        case .tooManyClasses: "the model has more than \(DiscriminantProblem.largestClasses) classes with rows"
        }
    }
}
