public import LinearAlgebra
internal import Synchronization

/// Computes the ridge curve of a state of the truth, and the weights of candidates around its minimum, on any thread, while the classifier
/// keeps learning.
///
/// Creating it copies G and Q. It holds one D×D square and frees it after the run.
public final class RidgeJob: Sendable {
    /// The version of the state.
    public let version: Int
    /// λ in force.
    public let ridge: Double
    /// Whether candidates are wanted.
    public let makesCandidates: Bool
    private let epoch: Int
    private let problem: Mutex<RidgeProblem?>

    init(version: Int, ridge: Double, makesCandidates: Bool, epoch: Int, problem: consuming RidgeProblem) {
        self.version = version
        self.ridge = ridge
        self.makesCandidates = makesCandidates
        self.epoch = epoch
        self.problem = Mutex(problem)
    }

    /// What a job finds.
    public struct Findings: Sendable {
        /// The curve.
        public let curve: RidgeCurve
        /// The candidates, if they are wanted and the sums determine any.
        public let candidates: RidgeCandidates?
    }

    /// Computes the curve and the candidates. A job runs once.
    ///
    /// - Throws: `LinearAlgebraError.eigensolverFailed` if the sums are not finite; `.outOfMemory`.
    /// - Complexity: 4D³/3 + 4D²C operations on one thread, O(D·C) for each of about fifty ridges, and 2D²C for each candidate.
    public func run() throws(LinearAlgebraError) -> Findings {
        guard let problem = problem.withLock({ $0.take() }) else { preconditionFailure("a ridge job runs once") }
        let classes = problem.classCount
        var errors = try problem.errors()
        let curve = try RidgeCurve(&errors, version: version, ridge: ridge)
        guard makesCandidates, let minimum = curve.minimum else { return Findings(curve: curve, candidates: nil) }
        let wanted = RidgeCandidates.ridges(around: minimum.ridge, current: ridge)
        let found = try errors.weights(for: wanted)
        guard !found.ridges.isEmpty else { return Findings(curve: curve, candidates: nil) }
        let candidates = RidgeCandidates(
            found, minimum: minimum.ridge, classCount: classes, samples: errors.samples, epoch: epoch)
        return Findings(curve: curve, candidates: candidates)
    }
}
