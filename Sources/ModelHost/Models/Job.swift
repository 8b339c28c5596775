package import AnalyticLearning
internal import Concurrency

/// What a model's worker is asked to do, in the order in which it is asked. Each carries who takes the outcome.
package enum Job: Sendable {
    /// Learn rows. Learns that wait together are learned as one block.
    case learn(LearnJob)
    /// Take rows out again.
    case unlearn(LearnRows, ChangeKey?, Completion<KeyedOutcome>)
    /// Add the truth of a file.
    case merge(SnapshotFile, ChangeKey?, Completion<KeyedOutcome>)
    /// Change the ridge, the imbalance, or both.
    case reconfigure(ModelPatch, Completion<ModelDetails>)
    /// Rename a class.
    case renameClass(Label, to: Label, Completion<ClassRenamed>)
    /// Forget a class.
    case deleteClass(Label, Completion<ClassDeleted>)
    /// Make the balanced weights of this state now.
    case rebalance(Completion<Rebalanced>)
    /// Take what a refresh in the background has made.
    case adopt(RefreshOutcome)
    /// Measure how far rows lie from everything learned.
    case measure(LeverageJob)
    /// Call something with the learner: for tests, which damage it, or let its allocations fail.
    case call(@Sendable (Classifier) -> Void)
    /// Say the details, once everything before is done.
    case describe(Completion<ModelDetails>, isNew: Bool)
    /// Write a snapshot to a file.
    case snapshot(SnapshotParts, Completion<Spool>)
    /// Say how long a snapshot would be.
    case snapshotSize(SnapshotParts, Completion<Int>)
    /// Replace the state by that of a file, which has been checked as far as it can be without the model.
    case restore(SnapshotFile, Completion<ModelDetails>)
    /// Free everything.
    case delete(Completion<Void>)

    /// The bytes that it holds while it waits, beside its slot in the queue.
    ///
    /// A file lies on the disk until its job is done, and is counted there; of what is in memory its labels alone may be large. What a
    /// merge or a restore takes while it is done is reserved of the memory for models.
    var bytes: Int {
        switch self {
        case .learn(let job): job.rows.bytes
        case .unlearn(let rows, _, _): rows.bytes
        case .measure(let job): job.bytes
        case .merge(let file, _, _), .restore(let file, _): file.labelBytes
        case .renameClass(let label, let new, _): label.heapBytes + new.heapBytes
        case .deleteClass(let label, _): label.heapBytes
        case .reconfigure, .rebalance, .adopt, .call, .describe, .snapshot, .snapshotSize, .delete: 0
        }
    }

    /// Whose share it takes. Readers are those that leave the model as it is, whatever they cost: leverage takes the worker's time, and a
    /// snapshot a file. Who asks for a new model waits for its making, and so does a refresh of balanced weights change what is served.
    var lane: Lane {
        switch self {
        case .measure, .snapshot, .snapshotSize: .reading
        case .describe(_, let isNew): isNew ? .writing : .reading
        case .learn, .unlearn, .merge, .reconfigure, .renameClass, .deleteClass, .rebalance, .adopt, .call, .restore, .delete: .writing
        }
    }

    /// Whether it puts the model, or asks for it while it is being made. It is done before a deletion that comes later: a model that was
    /// there when it was deleted has been made.
    var isPut: Bool {
        switch self {
        case .describe, .restore: true
        default: false
        }
    }

    /// Tells whoever waits that the job will not be done.
    func refuse(_ error: ModelError) {
        switch self {
        case .learn(let job): job.completion.fail(error)
        case .unlearn(_, _, let completion), .merge(_, _, let completion): completion.fail(error)
        case .reconfigure(_, let completion), .describe(let completion, _), .restore(_, let completion): completion.fail(error)
        case .renameClass(_, _, let completion): completion.fail(error)
        case .deleteClass(_, let completion): completion.fail(error)
        case .rebalance(let completion): completion.fail(error)
        case .measure(let job): job.completion.fail(error)
        case .snapshot(_, let completion): completion.fail(error)
        case .snapshotSize(_, let completion): completion.fail(error)
        case .delete(let completion): completion.fail(error)
        // The host's own.
        case .adopt, .call: break
        }
    }
}
