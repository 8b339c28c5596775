package import AnalyticLearning
package import Concurrency

/// A model as the rest of the program sees it: its name, what it publishes, and the queue to its worker.
package final class Model: Sendable {
    package let name: String
    /// Jobs for the worker: a lane of those that change the model, and one of those that read it.
    package let queue: LaneQueue<Job>
    /// Its turns on the threads that all models share; nil in tests without a worker.
    let turns: WorkerPool.Member?
    /// What the worker has done.
    package let activity = Guarded(ModelActivity())
    /// What its files have done; nil if it is in memory only.
    package let files = Guarded<FileActivity?>(nil)
    /// What has happened to it, for those who read along.
    package let events: EventHub
    /// What inference requests have cost.
    package let inferences = InferenceStatistics()
    private let limits: HostLimits
    private let state: Guarded<State>

    private struct State {
        var configuration: ModelConfiguration
        var condition: Condition
        var published: PublishedWeights?
    }

    /// What can be done with a model.
    package enum Condition: Sendable, Equatable {
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
        name: String, configuration: ModelConfiguration, limits: HostLimits, condition: Condition = .ready,
        onNews: (@Sendable (EventHub) -> Void)? = nil, waiting: Lane.Pair<MemoryBudget>? = nil, workers: WorkerPool? = nil
    ) {
        self.name = name
        let turns = workers?.makeMember()
        self.turns = turns
        queue = LaneQueue(memory: waiting) { turns?.wake() }
        events = EventHub(onNews)
        self.limits = limits
        state = Guarded(State(configuration: configuration, condition: condition, published: nil))
    }

    /// What can be done with it now.
    package var condition: Condition {
        get { state.withLock { $0.condition } }
        set { state.withLock { $0.condition = newValue } }
    }

    /// Refuses what a model that is not there yet, or not any more, cannot do.
    ///
    /// - Throws: 503.
    func requireRecovered() throws(ModelError) {
        switch condition {
        case .ready, .stopped: return
        case .recovering: throw ModelError(.unavailable, "the model \"\(name)\" is being recovered", retryAfter: 2)
        case .lost(let reason): throw ModelError(.unavailable, "the model \"\(name)\" could not be recovered: \(reason)")
        }
    }

    /// What predictions are made with.
    ///
    /// - Throws: 503 where there is nothing yet.
    package func publishedWeights() throws(ModelError) -> PublishedWeights {
        if let published { return published }
        try requireRecovered()
        throw .busy("the model \"\(name)\" is being created")
    }

    /// What the model is now; a restore may change it.
    package var configuration: ModelConfiguration { state.withLock { $0.configuration } }

    /// The newest weights; nil while the model is being made. The lock is held for a reference count, never across work.
    package var published: PublishedWeights? { state.withLock { $0.published } }

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

    /// What predictions are made with, by one class at least.
    ///
    /// - Throws: `unavailable` while there is nothing yet, `conflict` if no class is known.
    package func scorableWeights() throws(ModelError) -> PublishedWeights {
        let weights = try publishedWeights()
        _ = try weights.requireScorer(nil, of: name)
        return weights
    }

    /// The requests that wait, and the bytes that they hold.
    package var queued: (requests: Int, bytes: Int) { (queue.count, queue.bytes) }

    /// Queues a job, or says why not.
    package func enqueue(_ job: Job) throws(ModelError) {
        guard try offer(job) else { throw .deletedModel(name) }
    }

    /// The same.
    ///
    /// - Returns: false where the model has been deleted.
    func offer(_ job: Job) throws(ModelError) -> Bool {
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

extension PublishedWeights {
    /// What scores rows.
    ///
    /// - Parameters:
    ///   - wish: which weights are asked for; nil for the model's default.
    ///   - model: the model's name.
    /// - Throws: `conflict` if no class is known.
    package func requireScorer(_ wish: WeightsKind?, of model: String) throws(ModelError) -> Scorer {
        guard let scorer = scorer(wish) else {
            throw ModelError(.conflict, "the model \"\(model)\" has no classes yet: it has learned no rows")
        }
        return scorer
    }
}
