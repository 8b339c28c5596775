internal import AnalyticLearning
internal import HTTPServer

/// A model as the rest of the service sees it: its name, what it publishes, and the queue to its worker.
final class Model: Sendable {
    let name: String
    /// Jobs for the worker, bounded for learns.
    let queue = BlockingQueue<Job>()
    private let limits: ServiceLimits
    private let state: Guarded<State>

    private struct State {
        var configuration: ModelConfiguration
        var published: PublishedWeights?
    }

    init(name: String, configuration: ModelConfiguration, limits: ServiceLimits) {
        self.name = name
        self.limits = limits
        state = Guarded(State(configuration: configuration, published: nil))
    }

    /// What the model is now; a restore may change it.
    var configuration: ModelConfiguration { state.withLock { $0.configuration } }

    /// The newest weights; nil while the model is being made. The lock is held for a reference count, never across work.
    var published: PublishedWeights? { state.withLock { $0.published } }

    /// Makes weights visible to predictions.
    func publish(_ weights: PublishedWeights) {
        state.withLock {
            $0.configuration = weights.configuration
            $0.published = weights
        }
    }

    /// Queues a learn request, or says why not.
    func enqueue(learn job: LearnJob) throws(Problem) {
        let limits = limits
        let admission = queue.append(
            .learn(job),
            unless: { waiting in
                guard waiting.count < limits.queuedRequests else { return true }
                var bytes = job.bytes
                for case .learn(let other)? in waiting { bytes += other.bytes }
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
        let limit = limits.queuedRequests
        switch queue.append(job, unless: { $0.count >= limit }) {
        case .taken: return
        case .full: throw .busy("the queue of model \"\(name)\" is full")
        case .closed: throw .deletedModel(name)
        }
    }
}
