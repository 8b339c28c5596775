package import AnalyticLearning
internal import Concurrency

/// A task for a model's worker, in the order of the requests. Each carries the completion that receives its outcome.
package enum Job: Sendable {
    /// Learn rows. Waiting learns are combined into one block.
    case learn(LearnJob)
    /// Unlearn rows.
    case unlearn(LearnRows, ChangeKey?, Completion<KeyedOutcome>)
    /// Add a file's truth.
    case merge(SnapshotFile, ChangeKey?, Completion<KeyedOutcome>)
    /// Change the ridge, the imbalance or the balance.
    case reconfigure(ModelPatch, Completion<ModelDetails>)
    /// Rename a class.
    case renameClass(Label, to: Label, Completion<ClassRenamed>)
    /// Forget a class.
    case deleteClass(Label, Completion<ClassDeleted>)
    /// Give a class's rows to another class.
    case joinClasses(Label, into: Label, JoinKey?, Completion<Keyed<ClassesJoined>>)
    /// Compute the balanced weights of the current state.
    case rebalance(Completion<Rebalanced>)
    /// Adopt the outcome of a background refresh.
    case adopt(RefreshOutcome)
    /// Return the curve of ridges.
    case ridgeCurve(Completion<RidgeReport>)
    /// Adopt a computed curve of ridges, and candidates.
    case adoptRidges(RidgeOutcome)
    /// Move to a ridge that has won.
    case moveRidge(to: Double, generation: Int)
    /// Measure the leverage of rows: how far they lie from everything learned.
    case measure(LeverageJob)
    /// Call a closure with the learner: tests use it to damage the state or make allocations fail.
    case call(@Sendable (Classifier) -> Void)
    /// Return the details once all earlier jobs are done.
    case describe(Completion<ModelDetails>, isNew: Bool)
    /// Write a snapshot to a file.
    case snapshot(SnapshotParts, Completion<Spool>)
    /// Compute a snapshot's length.
    case snapshotSize(SnapshotParts, Completion<Int>)
    /// Replace the state by a file's, which has passed all checks that need no model.
    case restore(SnapshotFile, Completion<ModelDetails>)
    /// Delete the model.
    case delete(Completion<Void>)

    /// The bytes the job holds while it waits, besides its slot in the queue.
    ///
    /// A file stays on disk until its job is done and is counted there; in memory, only its labels may be large. What a merge or a restore
    /// needs while it runs is reserved from the models' memory.
    var bytes: Int {
        switch self {
        case .learn(let job): job.rows.bytes
        case .unlearn(let rows, _, _): rows.bytes
        case .measure(let job): job.bytes
        case .merge(let file, _, _), .restore(let file, _): file.labelBytes
        case .renameClass(let label, let new, _): label.heapBytes + new.heapBytes
        case .deleteClass(let label, _): label.heapBytes
        case .joinClasses(let label, let target, _, _): label.heapBytes + target.heapBytes
        case .reconfigure, .rebalance, .adopt, .ridgeCurve, .adoptRidges, .moveRidge, .call, .describe, .snapshot, .snapshotSize, .delete: 0
        }
    }

    /// The lane whose share the job uses. Readers leave the model as it is, whatever they cost: leverage takes the worker's time, a
    /// snapshot takes a file. A request for a new model is a writer because it waits for the model's creation, and so is a refresh of
    /// balanced weights because it changes what is served.
    var lane: Lane {
        switch self {
        case .measure, .ridgeCurve, .snapshot, .snapshotSize: .reading
        case .describe(_, let isNew): isNew ? .writing : .reading
        case .learn, .unlearn, .merge, .reconfigure, .renameClass, .deleteClass, .joinClasses, .rebalance, .adopt, .adoptRidges, .moveRidge,
            .call, .restore, .delete:
            .writing
        }
    }

    /// Whether the job is work for the buffers of a block; asking about a model does not keep it from its rest.
    var usesBuffers: Bool {
        switch self {
        case .learn, .unlearn, .merge, .reconfigure, .joinClasses, .rebalance, .adopt, .moveRidge, .measure, .call, .restore: true
        case .renameClass, .deleteClass, .describe, .ridgeCurve, .adoptRidges, .snapshot, .snapshotSize, .delete: false
        }
    }

    /// Whether the job creates or restores the model, or asks for it during creation. Such a job runs before a later deletion: a model that
    /// existed when it was deleted was created first.
    var isPut: Bool {
        switch self {
        case .describe, .restore: true
        default: false
        }
    }

    /// Fails the job's completion.
    func refuse(_ error: ModelError) {
        switch self {
        case .learn(let job): job.completion.fail(error)
        case .unlearn(_, _, let completion), .merge(_, _, let completion): completion.fail(error)
        case .reconfigure(_, let completion), .restore(_, let completion): completion.fail(error)
        case .describe(let completion, let isNew):
            // The model may have been created all the same.
            var error = error
            error.mayHaveChanged = isNew && error.kind == .unavailable
            completion.fail(error)
        case .renameClass(_, _, let completion): completion.fail(error)
        case .deleteClass(_, let completion): completion.fail(error)
        case .joinClasses(_, _, _, let completion): completion.fail(error)
        case .rebalance(let completion): completion.fail(error)
        case .ridgeCurve(let completion): completion.fail(error)
        case .measure(let job): job.completion.fail(error)
        case .snapshot(_, let completion): completion.fail(error)
        case .snapshotSize(_, let completion): completion.fail(error)
        case .delete(let completion): completion.fail(error)
        // These come from the host: no request waits for them.
        case .adopt, .adoptRidges, .moveRidge, .call: break
        }
    }
}
