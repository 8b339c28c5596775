internal import AnalyticLearning
internal import Concurrency
internal import TensorFormats

/// Buffers that one thread reuses for every prediction, so that in steady state none is allocated.
///
/// `@unchecked Sendable`: each belongs to one event loop, which alone uses it, by the loop's index, or to the one task that
/// has taken it out of the spare ones, under their lock.
class PredictWorkspace: @unchecked Sendable {
    final var features: [Float] = []
    final var scores = ScoreWorkspace()
    final var order: [Int] = []
    final var writer = JSONWriter()

    required init() {}

    /// Forgets the last request, and the memory of an unusually large one.
    func reset() {
        features.removeAll(keepingCapacity: features.capacity <= 1 << 20)
        scores.trim(above: 1 << 20)
        if writer.count <= 1 << 20 { writer.removeAll() } else { writer = JSONWriter() }
    }
}

/// Workspaces for the predictions of compute threads, used again by whichever thread comes next.
final class SpareWorkspaces<Workspace: PredictWorkspace>: Sendable {
    /// As many as threads are ever likely to be at work.
    private static var maximumCount: Int { 16 }

    private let spare = Guarded<[Workspace]>([])

    /// Calls `body` with a workspace that nobody else has meanwhile.
    func with<R>(_ body: (Workspace) -> R) -> R {
        let workspace = spare.withLock { $0.popLast() } ?? Workspace()
        defer {
            workspace.reset()
            spare.withLock { if $0.count < Self.maximumCount { $0.append(workspace) } }
        }
        return body(workspace)
    }
}
