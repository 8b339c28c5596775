internal import HTTPServer
internal import Storage

/// What a model's worker is asked to do, in the order in which it is asked.
enum Job: Sendable {
    /// Learn rows. Learns that wait together are learned as one block.
    case learn(LearnJob)
    /// Answer with the details, once everything before is done.
    case describe(DeferredResponder, Status)
    /// Write a snapshot to a file and answer with it.
    case snapshot(SnapshotParts, DeferredResponder)
    /// Replace the state by that of a file, which has been checked as far as it can be without the model.
    case restore(SnapshotFile, DeferredResponder, Status)
    /// Free everything and answer.
    case delete(DeferredResponder)

    var responder: DeferredResponder {
        switch self {
        case .learn(let job): job.responder
        case .describe(let responder, _), .snapshot(_, let responder), .restore(_, let responder, _), .delete(let responder): responder
        }
    }
}
