/// Whoever hears of what happens to a model's files. All of it may be called on any thread.
struct StoreObserver: Sendable {
    /// Nothing can be stored any more, for this reason.
    let hasStopped: @Sendable (String) -> Void
    /// A checkpoint has its name, and will keep it.
    let isInPlace: @Sendable (FileActivity.Checkpoint) -> Void
    /// The worker should look at its files again.
    let wake: @Sendable () -> Void
}
