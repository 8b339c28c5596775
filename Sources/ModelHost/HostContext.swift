package import Concurrency

/// What all models of a host share.
package struct HostContext: Sendable {
    /// The memory that models may take.
    package let budget: MemoryBudget
    package let limits: HostLimits
    let log: Log
    /// The threads that models share.
    package let workers: WorkerPool
    /// Where refreshes of balanced weights run, one after another.
    package let balancePool: ComputePool
    /// The disk that streamed snapshots may take, and how many there may be.
    package let spools: SpoolLimits
    /// The memory of what waits for a worker or a compute thread.
    package let waiting: Lane.Pair<MemoryBudget>
    /// Called, on the thread that publishes it, when there is an event that a reader of the hub has not seen; nil if nobody reads.
    let onNews: (@Sendable (EventHub) -> Void)?
    /// Where models are kept; nil where they are in memory only.
    package let store: DataStore?

    package init(
        budget: MemoryBudget, limits: HostLimits, log: Log, workers: WorkerPool, balancePool: ComputePool, spools: SpoolLimits,
        waiting: Lane.Pair<MemoryBudget>, onNews: (@Sendable (EventHub) -> Void)?, store: DataStore?
    ) {
        self.budget = budget
        self.limits = limits
        self.log = log
        self.workers = workers
        self.balancePool = balancePool
        self.spools = spools
        self.waiting = waiting
        self.onNews = onNews
        self.store = store
    }
}
