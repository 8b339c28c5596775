internal import AnalyticLearning
internal import HTTPServer
internal import Locks

/// A model as the rest of the service sees it: its name, what it publishes, and the queue to its worker.
final class Model: Sendable {
    let name: String
    /// Jobs for the worker, bounded for learns.
    let queue = BlockingQueue<Job>()
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
        dispatcher: EventDispatcher? = nil
    ) {
        self.name = name
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
        throw .busy("the model \"\(name)\" is being made")
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

    /// The requests that wait, and the bytes of their rows.
    var queued: (requests: Int, bytes: Int) {
        queue.withWaiting { waiting in
            var bytes = 0
            for job in waiting { bytes += job?.rowBytes ?? 0 }
            return (waiting.count, bytes)
        }
    }

    /// Queues a learn request, or says why not.
    func enqueue(learn job: LearnJob) throws(Problem) {
        try enqueue(rows: .learn(job))
    }

    /// Queues rows whose leverage is asked for, or says why not.
    func enqueue(leverage job: LeverageJob) throws(Problem) {
        try enqueue(rows: .measure(job))
    }

    private func enqueue(rows job: Job) throws(Problem) {
        try requireRecovered()
        let limits = limits
        let admission = queue.append(
            job,
            unless: { waiting in
                guard waiting.count < limits.queuedRequests else { return true }
                var bytes = job.rowBytes
                for other in waiting { bytes += other?.rowBytes ?? 0 }
                return !waiting.isEmpty && bytes > limits.queuedBytes
            })
        switch admission {
        case .taken: return
        case .full: throw .busy("the learn queue of model \"\(name)\" is full")
        case .closed: throw .deletedModel(name)
        }
    }

    /// Queues anything else.
    func enqueue(_ job: Job) throws(Problem) {
        try requireRecovered()
        let limit = limits.queuedRequests
        switch queue.append(job, unless: { $0.count >= limit }) {
        case .taken: return
        case .full: throw .busy("the queue of model \"\(name)\" is full")
        case .closed: throw .deletedModel(name)
        }
    }
}
