package import Concurrency

/// Resources shared by all models of a host.
package struct HostContext: Sendable {
    /// The memory for models.
    package let budget: MemoryBudget
    package let limits: HostLimits
    /// Seconds after its last block for which a model keeps the buffers of learning.
    let restDelay: Double
    let log: Log
    /// The threads that models share.
    package let workers: WorkerPool
    /// Runs refreshes of balanced weights, one after another.
    package let balancePool: ComputePool
    /// Computes ridge curves and candidates, one after another; one may take minutes.
    let ridgePool: ComputePool
    /// The disk for streamed snapshots, and their number.
    package let spools: SpoolLimits
    /// The memory for requests that wait for a worker or a compute thread.
    package let waiting: Lane.Pair<MemoryBudget>
    /// The rows that all models learned lately.
    package let learnedRows = LearnedRows()
    /// Called on the publishing thread when an event is new to a reader of the hub; nil if there are no readers.
    let onNews: (@Sendable (EventHub) -> Void)?
    /// Where models are stored; nil if they are in memory only.
    package let store: DataStore?

    package init(
        budget: MemoryBudget, limits: HostLimits, restDelay: Double, log: Log, workers: WorkerPool, balancePool: ComputePool,
        ridgePool: ComputePool, spools: SpoolLimits, waiting: Lane.Pair<MemoryBudget>, onNews: (@Sendable (EventHub) -> Void)?,
        store: DataStore?
    ) {
        self.budget = budget
        self.limits = limits
        self.restDelay = restDelay
        self.log = log
        self.workers = workers
        self.balancePool = balancePool
        self.ridgePool = ridgePool
        self.spools = spools
        self.waiting = waiting
        self.onNews = onNews
        self.store = store
    }
}
