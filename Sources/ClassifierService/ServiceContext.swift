internal import Concurrency

/// What every part of the service shares.
struct ServiceContext: Sendable {
    let budget: MemoryBudget
    let limits: ServiceLimits
    let log: Log
    /// The threads that models share.
    let workers: WorkerPool
    /// Where refreshes of balanced weights run, one after another.
    let balancePool: ComputePool
    /// Writes long answers.
    let answers: AnswerSender
    /// Where snapshots lie while they are streamed.
    let spoolDirectory: String
    /// The disk that they may take, and how many there may be.
    let spools: SpoolLimits
    /// The memory of what waits for a worker or a compute thread.
    let waiting: Lane.Pair<MemoryBudget>
    /// Hands out what happens to models.
    let dispatcher: EventDispatcher
    /// Where models are kept; nil where they are in memory only.
    let store: DataStore?
}
