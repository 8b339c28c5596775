internal import AnalyticLearning
internal import HTTPServer
internal import Storage

/// What a model's worker is asked to do, in the order in which it is asked.
enum Job: Sendable {
    /// Learn rows. Learns that wait together are learned as one block.
    case learn(LearnJob)
    /// Take rows out again.
    case unlearn(LearnJob, DeferredResponder)
    /// Add the truth of a file.
    case merge(SnapshotFile, DeferredResponder, RequestIdentity?)
    /// Change the ridge, the imbalance, or both.
    case reconfigure(ModelPatch, DeferredResponder)
    /// Rename a class.
    case renameClass(Label, to: Label, DeferredResponder)
    /// Forget a class.
    case deleteClass(Label, DeferredResponder)
    /// Make the balanced weights of this state now.
    case rebalance(DeferredResponder)
    /// Take what a refresh in the background has made.
    case adopt(RefreshOutcome)
    /// Measure how far rows lie from everything learned.
    case measure(LeverageJob)
    /// Call something with the learner: for tests, which damage it, or let its allocations fail.
    case call(@Sendable (Classifier) -> Void)
    /// Answer with the details, once everything before is done.
    case describe(DeferredResponder, Status)
    /// Write a snapshot to a file and answer with it, or with its length alone.
    case snapshot(SnapshotParts, lengthAlone: Bool, DeferredResponder)
    /// Replace the state by that of a file, which has been checked as far as it can be without the model.
    case restore(SnapshotFile, DeferredResponder, Status)
    /// Free everything and answer.
    case delete(DeferredResponder)

    /// The bytes that it holds while it waits, beside its slot in the queue.
    ///
    /// A file lies on the disk until its job is done, and is counted there; of what is in memory its labels alone may be large. What a
    /// merge or a restore takes while it is done is reserved of the memory for models.
    var bytes: Int {
        switch self {
        case .learn(let job), .unlearn(let job, _): job.bytes
        case .measure(let job): job.bytes
        case .merge(let file, _, _), .restore(let file, _, _): file.labelBytes
        case .renameClass(let label, let new, _): label.heapBytes + new.heapBytes
        case .deleteClass(let label, _): label.heapBytes
        case .reconfigure, .rebalance, .adopt, .call, .describe, .snapshot, .delete: 0
        }
    }

    /// Whose share it takes. Readers are those that leave the model as it is, whatever they cost: leverage takes the worker's time, and a
    /// snapshot a file. Who asks for a new model waits for its making, and so does a refresh of balanced weights change what is served.
    var lane: Lane {
        switch self {
        case .measure, .snapshot: .reading
        case .describe(_, let status): status == .created ? .writing : .reading
        case .learn, .unlearn, .merge, .reconfigure, .renameClass, .deleteClass, .rebalance, .adopt, .call,
            .restore, .delete:
            .writing
        }
    }

    /// Whether somebody puts the model by it, or asks for it while it is being made. It is done before a deletion that comes later: a model
    /// that was there when it was deleted has been made.
    var isPut: Bool {
        switch self {
        case .describe, .restore: true
        default: false
        }
    }

    /// Tells the waiting client that the job will not be done.
    func refuse(_ problem: Problem) {
        switch self {
        case .learn(let job): job.receiver.send(problem)
        case .measure(let job): job.responder.send(problem.response)
        case .unlearn(_, let responder), .merge(_, let responder, _), .reconfigure(_, let responder), .renameClass(_, _, let responder),
            .deleteClass(_, let responder), .rebalance(let responder), .describe(let responder, _), .snapshot(_, _, let responder),
            .restore(_, let responder, _), .delete(let responder):
            responder.send(problem.response)
        // The service's own.
        case .adopt, .call: break
        }
    }
}

/// What `PATCH /v1/models/{model}` changes.
struct ModelPatch: Sendable {
    var ridge: Double?
    var imbalance: Imbalance?
}
