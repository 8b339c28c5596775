internal import AnalyticLearning
internal import Concurrency
internal import HTTPServer

/// A model as the rest of the service sees it: its name, what it publishes, and the queue to its worker.
final class Model: Sendable {
    let name: String
    /// Jobs for the worker: a lane of those that change the model, and one of those that read it.
    let queue: LaneQueue<Job>
    /// Its turns on the threads that all models share; nil in tests without a worker.
    let turns: WorkerPool.Member?
    /// What the worker has done.
    let activity = Guarded(ModelActivity())
    /// What has happened to it, for those who read along.
    let events: EventHub
    /// What inference requests have cost.
    let inferences = InferenceStatistics()
    private let limits: ServiceLimits
    private let state: Guarded<State>

    private struct State {
        var configuration: ModelConfiguration
        var condition: Condition
        var published: PublishedWeights?
    }

    /// What can be done with a model.
    enum Condition: Sendable, Equatable {
        /// Everything.
        case ready
        /// Nothing yet: it is being read from the data directory.
        case recovering
        /// Nothing: it could not be read from the data directory.
        case lost(String)
        /// Nothing that would change it.
        case stopped(String)
    }

    init(
        name: String, configuration: ModelConfiguration, limits: ServiceLimits, condition: Condition = .ready,
        dispatcher: EventDispatcher? = nil, waiting: Lane.Pair<MemoryBudget>? = nil, workers: WorkerPool? = nil
    ) {
        self.name = name
        let turns = workers?.makeMember()
        self.turns = turns
        queue = LaneQueue(memory: waiting) { turns?.wake() }
        events = EventHub(dispatcher)
        self.limits = limits
        state = Guarded(State(configuration: configuration, condition: condition, published: nil))
    }

    /// What can be done with it now.
    var condition: Condition {
        get { state.withLock { $0.condition } }
        set { state.withLock { $0.condition = newValue } }
    }

    /// Refuses what a model that is not there yet, or not any more, cannot do.
    ///
    /// - Throws: 503.
    func requireRecovered() throws(Problem) {
        switch condition {
        case .ready, .stopped: return
        case .recovering: throw Problem(.serviceUnavailable, "the model \"\(name)\" is being recovered", retryAfter: 2)
        case .lost(let reason): throw Problem(.serviceUnavailable, "the model \"\(name)\" could not be recovered: \(reason)")
        }
    }

    /// What predictions are made with.
    ///
    /// - Throws: 503 where there is nothing yet.
    func weights() throws(Problem) -> PublishedWeights {
        if let published { return published }
        try requireRecovered()
        throw .busy("the model \"\(name)\" is being created")
    }

    /// What the model is now; a restore may change it.
    var configuration: ModelConfiguration { state.withLock { $0.configuration } }

    /// The newest weights; nil while the model is being made. The lock is held for a reference count, never across work.
    var published: PublishedWeights? { state.withLock { $0.published } }

    /// Makes weights visible to predictions.
    func publish(_ weights: PublishedWeights) {
        // What they replace may be the last reference to megabytes, which are given back after the lock.
        let replaced = state.withLock { state in
            defer {
                state.configuration = weights.configuration
                state.published = weights
            }
            return state.published
        }
        withExtendedLifetime(replaced) {}
    }

    /// The requests that wait, and the bytes that they hold.
    var queued: (requests: Int, bytes: Int) { (queue.count, queue.bytes) }

    /// Queues a learn request, or says why not.
    func enqueue(learn job: LearnJob) throws(Problem) { try enqueue(.learn(job)) }

    /// Queues rows whose leverage is asked for, or says why not.
    func enqueue(leverage job: LeverageJob) throws(Problem) { try enqueue(.measure(job)) }

    /// Queues a job, or says why not.
    func enqueue(_ job: Job) throws(Problem) {
        guard try offer(job) else { throw .deletedModel(name) }
    }

    /// The same.
    ///
    /// - Returns: false where the model has been deleted.
    func offer(_ job: Job) throws(Problem) -> Bool {
        try requireRecovered()
        let limit = LaneQueue<Job>.Limit(slots: limits.queuedRequests, bytes: limits.queuedBytes)
        switch queue.append(job, to: job.lane, bytes: job.bytes, within: limit) {
        case .taken: return true
        case .full: throw .busy("the queue of the model \"\(name)\" is full")
        case .crowded: throw .busy("waiting requests take all the memory reserved for them")
        case .closed: return false
        }
    }
}
