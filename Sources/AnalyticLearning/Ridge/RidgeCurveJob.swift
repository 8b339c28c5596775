public import LinearAlgebra
internal import Synchronization

/// Computes the ridge curve of a state of the truth, on any thread, while the classifier keeps learning.
///
/// Creating it copies G and Q. It holds one D×D square and frees it after the run.
public final class RidgeCurveJob: Sendable {
    /// The version of the state.
    public let version: Int
    /// λ in force.
    public let ridge: Double
    private let problem: Mutex<RidgeProblem?>

    init(version: Int, ridge: Double, problem: consuming RidgeProblem) {
        self.version = version
        self.ridge = ridge
        self.problem = Mutex(problem)
    }

    /// Computes the curve. A job runs once.
    ///
    /// - Throws: `LinearAlgebraError.eigensolverFailed` if the sums are not finite; `.outOfMemory`.
    /// - Complexity: 4D³/3 + 4D²C operations on one thread, and O(D·C) for each of about fifty ridges.
    public func run() throws(LinearAlgebraError) -> RidgeCurve {
        guard let problem = problem.withLock({ $0.take() }) else { preconditionFailure("a ridge curve job runs once") }
        var errors = try problem.errors()
        return try RidgeCurve(&errors, version: version, ridge: ridge)
    }
}
