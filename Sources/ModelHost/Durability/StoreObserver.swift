internal import Concurrency

/// Whoever watches a model's files: the activity that it reads, and callbacks. They may be called on any thread.
struct StoreObserver: Sendable {
    /// What the files have done; nil until there are any.
    let activity: Guarded<FileActivity?>
    /// Nothing can be stored any more, for this reason.
    let hasStopped: @Sendable (String) -> Void
    /// A checkpoint has its final name.
    let isInPlace: @Sendable (FileActivity.Checkpoint) -> Void
    /// The worker should check its files again.
    let wake: @Sendable () -> Void

    /// Changes the activity, if there are files.
    func update(_ body: (inout FileActivity) -> Void) {
        activity.withLock { activity in
            guard var value = activity.take() else { return }
            body(&value)
            activity = value
        }
    }

    /// A checkpoint is in place.
    ///
    /// - Parameter bytes: bytes of logs that it made superfluous.
    func note(_ checkpoint: FileActivity.Checkpoint, covering bytes: Int) {
        update { $0.note(checkpoint, covering: bytes) }
        isInPlace(checkpoint)
    }
}
