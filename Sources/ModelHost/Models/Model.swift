package import AnalyticLearning
package import Concurrency
internal import Synchronization

/// A model as the rest of the program sees it: its name, its published state, and the queue to its worker.
package final class Model: Sendable {
    package let name: String
    /// Jobs for the worker: one lane for changes, one for reads.
    package let queue: LaneQueue<Job>
    /// Its turns on the shared threads; nil in tests without a worker.
    let turns: WorkerPool.Member?
    /// The worker's activity.
    package let activity = Guarded(ModelActivity())
    /// The activity of its files; nil if the model is in memory only.
    package let files = Guarded<FileActivity?>(nil)
    /// Its events, for clients that follow them.
    package let events: EventHub
    /// Costs of inference requests.
    package let inferences = InferenceStatistics()
    /// Rows that got no label because they are too novel.
    package let rejectedRows = RejectedRows()
    private let memory = Atomic<Int>(0)
    private let limits: HostLimits
    private let state: Guarded<State>

    private struct State {
        var configuration: ModelConfiguration
        var condition: Condition
        var published: PublishedWeights?
    }

    package typealias Condition = ModelCondition

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

    /// Which operations it accepts now.
    package var condition: Condition {
        get { state.withLock { $0.condition } }
        set { state.withLock { $0.condition = newValue } }
    }

    /// Throws if the model is still being recovered or could not be: then it accepts no job, even if it predicts already.
    ///
    /// - Throws: 503.
    func requireRecovered() throws(ModelError) {
        switch condition {
        case .ready, .stopped: return
        case .recovering: throw ModelError(.unavailable, "the model \"\(name)\" is being recovered", retryAfter: 2)
        case .lost(let reason): throw ModelError(.unavailable, "the model \"\(name)\" could not be recovered: \(reason)")
        }
    }

    /// The weights for predictions.
    ///
    /// - Throws: 503 if nothing has been published yet.
    package func publishedWeights() throws(ModelError) -> PublishedWeights {
        if let published { return published }
        try requireRecovered()
        throw .busy("the model \"\(name)\" is being created")
    }

    /// The current configuration; a restore may change it.
    package var configuration: ModelConfiguration { state.withLock { $0.configuration } }

    /// The newest weights; nil while the model is being created. The lock is held for a reference count, never across work.
    package var published: PublishedWeights? { state.withLock { $0.published } }

    /// The memory that the model holds, in bytes.
    package var heldBytes: Int { memory.load(ordering: .relaxed) }

    /// Sets `heldBytes`.
    func noteMemory(_ bytes: Int) { memory.store(bytes, ordering: .relaxed) }

    /// Makes weights visible to predictions.
    func publish(_ weights: PublishedWeights) {
        // Weights may come before the model has told what it holds.
        if heldBytes == 0 { noteMemory(weights.estimatedBytes ?? .max) }
        // The replaced weights may be the last reference to megabytes, so they are freed after the lock.
        let replaced = state.withLock { state in
            defer {
                state.configuration = weights.configuration
                state.published = weights
            }
            return state.published
        }
        withExtendedLifetime(replaced) {}
    }

    /// Withdraws the weights of a model that cannot be recovered; from now on the reason is the answer.
    func lose(_ reason: String) {
        let withdrawn = state.withLock { state in
            defer { (state.condition, state.published) = (.lost(reason), nil) }
            return state.published
        }
        withExtendedLifetime(withdrawn) {}
    }

    /// The weights for predictions, with at least one class.
    ///
    /// - Throws: `unavailable` if nothing has been published yet, `conflict` if no class is known.
    package func scorableWeights() throws(ModelError) -> PublishedWeights {
        let weights = try publishedWeights()
        _ = try weights.requireScorer(nil, of: name)
        return weights
    }

    /// The number of waiting requests, and the bytes they hold.
    package var queued: (requests: Int, bytes: Int) { (queue.count, queue.bytes) }

    /// Queues a job, or throws the reason why not.
    package func enqueue(_ job: Job) throws(ModelError) {
        guard try offer(job) else { throw .deletedModel(name) }
    }

    /// Queues a job unless the model has been deleted.
    ///
    /// - Returns: false if the model has been deleted.
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
    /// The scorer for rows.
    ///
    /// - Parameters:
    ///   - wish: the requested weights; nil for the model's default.
    ///   - model: the model's name.
    /// - Throws: `conflict` if no class is known, or balanced weights are requested while there are none.
    package func requireScorer(_ wish: WeightsKind?, of model: String) throws(ModelError) -> Scorer {
        if let scorer = scorer(wish) { return scorer }
        guard classCount > 0 else { throw ModelError(.conflict, "the model \"\(model)\" has no classes yet: it has learned no rows") }
        guard configuration.imbalance != .none else {
            throw ModelError(
                .conflict,
                "the model \"\(model)\" has no balanced weights, because its \"imbalance\" is none; set it with PATCH, or ask for the "
                    + "weights \"plain\"")
        }
        throw ModelError(
            .conflict, "the balanced weights of the model \"\(model)\" are being computed; ask again, or for the weights \"plain\"")
    }
}
