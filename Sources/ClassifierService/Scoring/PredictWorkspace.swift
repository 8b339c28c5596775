internal import AnalyticLearning
internal import Concurrency
internal import TensorFormats

/// Buffers that one thread reuses for every prediction, so that it allocates none in steady state.
///
/// `@unchecked Sendable`: each is used only by one event loop, found by the loop's index, or by the one task that has taken it out of the
/// spare ones, under their lock.
class PredictWorkspace: @unchecked Sendable {
    final var features: [Float] = []
    final var scores = ScoreWorkspace()
    final var order: [Int] = []
    /// The plain weights' scores, where others are served and novelty is requested, and each row's novelty.
    final var plainScores = ScoreWorkspace()
    final var novelties: [Double] = []
    final var noveltyScratch: [Double] = []
    /// The novelty and the set of the row that is being answered, see `RowExtras`.
    final var rowNovelty: Double?
    final var rowSet: [Int] = []
    /// The rejected rows of the answer so far.
    final var rejectedRows = 0
    final var writer = JSONWriter()

    required init() {}

    /// A copy of some of the rows.
    final func features(_ rows: Range<Int>, of scorer: Scorer) -> [Float] {
        let dimension = scorer.weights.featureMap.dimension
        return Array(features[(rows.lowerBound * dimension)..<(rows.upperBound * dimension)])
    }

    /// Clears the last request, and frees the memory of an unusually large one.
    func reset() {
        features.removeAll(keepingCapacity: features.capacity <= 1 << 20)
        scores.trim(above: 1 << 20)
        plainScores.trim(above: 1 << 20)
        if novelties.capacity > 1 << 16 { novelties = [] }
        if writer.count <= 1 << 20 { writer.removeAll() } else { writer = JSONWriter() }
    }
}

/// Workspaces for compute threads, reused by whichever thread needs one next.
final class SpareWorkspaces<Workspace: PredictWorkspace>: Sendable {
    /// More threads are unlikely to predict at once.
    private static var maximumCount: Int { 16 }

    private let spare = Guarded<[Workspace]>([])

    /// Calls `body` with a workspace that no other thread uses.
    func with<R>(_ body: (Workspace) -> R) -> R {
        let workspace = spare.withLock { $0.popLast() } ?? Workspace()
        defer {
            workspace.reset()
            spare.withLock { if $0.count < Self.maximumCount { $0.append(workspace) } }
        }
        return body(workspace)
    }
}
