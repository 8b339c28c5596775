/// What every part of the service shares.
struct ServiceContext: Sendable {
    let budget: MemoryBudget
    let limits: ServiceLimits
    let log: Log
    /// Where refreshes of balanced weights run, one after another.
    let balancePool: ComputePool
    /// Where snapshots lie while they are streamed.
    let spoolDirectory: String
    /// The disk that they may take together.
    let spoolBudget: MemoryBudget
    /// How many there may be.
    let spoolFiles: MemoryBudget
    /// Hands out what happens to models.
    let dispatcher: EventDispatcher
    /// Where models are kept; nil where they are in memory only.
    let store: DataStore?
}
