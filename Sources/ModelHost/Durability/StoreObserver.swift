/// Callbacks for events of a model's files. They may be called on any thread.
struct StoreObserver: Sendable {
    /// Nothing can be stored any more, for this reason.
    let hasStopped: @Sendable (String) -> Void
    /// A checkpoint has its final name.
    let isInPlace: @Sendable (FileActivity.Checkpoint) -> Void
    /// The worker should check its files again.
    let wake: @Sendable () -> Void
}
