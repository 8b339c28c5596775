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
    case renameClass(String, to: String, DeferredResponder)
    /// Forget a class.
    case deleteClass(String, DeferredResponder)
    /// Make the balanced weights of this state now.
    case rebalance(DeferredResponder)
    /// Take what a refresh in the background has made.
    case adopt(RefreshOutcome)
    /// Measure how far rows lie from everything learned.
    case measure(LeverageJob)
    /// Damage R by so much, to prove in tests that this is found, healed and told.
    case disturb(by: Double)
    /// Let the machine have no more memory than so much for new classes, to prove in tests that logged rows are taken back.
    case limitMemory(bytes: Int)
    /// Answer with the details, once everything before is done.
    case describe(DeferredResponder, Status)
    /// Write a snapshot to a file and answer with it, or with its length alone.
    case snapshot(SnapshotParts, lengthAlone: Bool, DeferredResponder)
    /// Replace the state by that of a file, which has been checked as far as it can be without the model.
    case restore(SnapshotFile, DeferredResponder, Status)
    /// Free everything and answer.
    case delete(DeferredResponder)

    /// The bytes of the rows that it holds.
    var rowBytes: Int {
        switch self {
        case .learn(let job): job.bytes
        case .measure(let job): job.bytes
        default: 0
        }
    }

    /// Tells whoever waits for it that it will not be done.
    func refuse(_ problem: Problem) {
        switch self {
        case .learn(let job): job.receiver.send(problem)
        case .measure(let job): job.responder.send(problem.response)
        case .unlearn(_, let responder), .merge(_, let responder, _), .reconfigure(_, let responder), .renameClass(_, _, let responder),
            .deleteClass(_, let responder), .rebalance(let responder), .describe(let responder, _), .snapshot(_, _, let responder),
            .restore(_, let responder, _), .delete(let responder):
            responder.send(problem.response)
        // The service's own.
        case .adopt, .disturb, .limitMemory: break
        }
    }
}
