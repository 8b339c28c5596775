internal import Locks

/// Workspaces for the predictions of compute threads, used again by whichever thread comes next.
final class SpareWorkspaces: Sendable {
    /// As many as threads are ever likely to be at work.
    private static let maximumCount = 16

    private let spare = Guarded<[PredictWorkspace]>([])

    /// Calls `body` with a workspace that nobody else has meanwhile.
    func with<R>(_ body: (PredictWorkspace) -> R) -> R {
        let workspace = spare.withLock { $0.popLast() } ?? PredictWorkspace()
        defer {
            workspace.reset()
            spare.withLock { if $0.count < Self.maximumCount { $0.append(workspace) } }
        }
        return body(workspace)
    }
}
