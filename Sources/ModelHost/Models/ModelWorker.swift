internal import AnalyticLearning
internal import Concurrency
internal import Foundation
internal import Storage

/// Owns a model's truth and view. It takes what waits, applies it, publishes, and only then answers; one thread at a time lets it do so.
final class ModelWorker {
    let model: Model
    let context: HostContext
    var classifier: Classifier
    /// What this model holds of the budget.
    let reservation: Reservation
    /// What it holds beside that, for published weights that Float32 does not carry; nothing for most models.
    private let reservationInDouble: Reservation
    /// The rows of a block, one request after another.
    var features: [Double] = []
    var refresh = RefreshSchedule()
    /// The healings of the view that events have told of.
    var toldHeals = 0
    /// What has been answered under which key.
    var idempotency: IdempotencyTable
    /// The model's files; nil where the state is in memory only.
    let store: ModelStore?
    /// Why the state cannot be published: a change could be neither stored nor undone.
    var unknownState: String?

    private init(model: Model, start: Start, reservation: Reservation, context: HostContext) {
        self.model = model
        self.reservation = reservation
        reservationInDouble = Reservation(of: context.budget)
        self.context = context
        classifier = start.classifier
        idempotency = start.idempotency
        store = start.store
    }

    /// What a worker begins with.
    private struct Start {
        var classifier: Classifier
        var idempotency = IdempotencyTable()
        var store: ModelStore?
    }

    /// Makes the worker, or answers those who wait why it cannot be made.
    ///
    /// - Parameters: as of `ModelTurns.begin`.
    static func make(
        _ model: Model, _ bytes: Int, _ reservation: Reservation, _ claim: NameClaim, _ origin: ModelOrigin, _ context: HostContext,
        onFailure: () -> Void
    ) -> ModelWorker? {
        do {
            guard reservation.resize(to: bytes) else { throw doesNotFit(model.configuration, bytes: bytes, budget: context.budget) }
            let start = try begin(model, reservation, origin, context)
            let worker = ModelWorker(model: model, start: start, reservation: reservation, context: context)
            worker.begin()
            return worker
        } catch {
            if case .stored(_, _, let turn) = origin {
                model.condition = .lost("\(error)")
                turn.end()
            }
            onFailure()
            claim.release()
            reservation.giveBack()
            let reason = SnapshotFile.modelError(error)
            context.log.error("a model could not be created", ["model": model.name, "reason": reason.detail])
            let others = ModelError.busy("the model \"\(model.name)\" could not be created")
            for (index, job) in model.queue.close().enumerated() {
                // It is gone, as was asked.
                if case .delete = job { job.refuse(.unknownModel(model.name)) } else { job.refuse(index == 0 ? reason : others) }
            }
            return nil
        }
    }

    /// 422: a new model finds no room.
    static func doesNotFit(_ configuration: ModelConfiguration, bytes: Int?, budget: MemoryBudget) -> ModelError {
        .doesNotFit("a model of dimension \(configuration.dimension) and width \(configuration.width)", bytes: bytes, budget: budget)
    }

    /// Makes the model, and its files where there is a data directory.
    private static func begin(
        _ model: Model, _ reservation: Reservation, _ origin: ModelOrigin, _ context: HostContext
    ) throws -> Start {
        let classifier: Classifier
        switch origin {
        case .fresh: classifier = try Classifier(model.configuration)
        case .file(let file): classifier = try file.restore(notBefore: 0)
        case .stored(let recovery, let rows, let turn):
            guard let store = context.store else { preconditionFailure("recovered without a data directory") }
            var progress = RecoveryProgress(context.log, model: model.name, totalRows: rows)
            let state = try recovery.recover(
                totalRows: rows,
                reserve: { (classes) throws(ModelError) in
                    // The labels that the log adds are counted when the state is there.
                    let bytes = recovery.snapshot.configuration.estimatedBytes(classes: classes).map { $0 + recovery.snapshot.labelBytes }
                    guard let bytes, reservation.resize(to: bytes) else {
                        throw .doesNotFit("the \(classes) classes in its log", bytes: bytes, budget: context.budget)
                    }
                }, progress: { progress.note(rows: $0) })
            turn.end()
            let log = try state.chain.continue()
            if let torn = state.chain.tornEnd { context.log.warning(cutting: torn, model: model.name) }
            try recovery.removeSuperfluous(context.log)
            let time = CheckpointFile.modificationTime(recovery.directory, version: recovery.version)
            model.files.withLock {
                $0 = FileActivity(
                    checkpoint: FileActivity.Checkpoint(version: recovery.version, time: time), logBytes: state.chain.bytesRead)
            }
            progress.finish(version: state.classifier.version)
            let files = ModelStore(model.files, observer(model), store: store, recovery: recovery, state: state, log: log)
            if !state.renamed.isEmpty { files.keepNames(state) }
            return Start(classifier: state.classifier, idempotency: state.table, store: files)
        }
        let store = try context.store.map {
            try ModelStore(model.name, model.files, observer(model), store: $0, classifier: classifier)
        }
        return Start(classifier: classifier, store: store)
    }

    /// What a model takes note of when something happens to its files.
    private static func observer(_ model: Model) -> StoreObserver {
        StoreObserver(
            hasStopped: { model.condition = .stopped($0) },
            isInPlace: {
                model.events.publish(.checkpointed(version: $0.version, bytes: $0.bytes ?? 0, seconds: $0.seconds ?? 0))
            }, wake: { model.turns?.wake() })
    }

    /// What is left of a worker.
    struct End {
        /// Who waits for the model's deletion, if anybody.
        var deletion: Completion<Void>?
        var store: ModelStore?
    }

    /// What comes after a turn.
    enum Next {
        /// Another one.
        case turn
        /// Nothing, until a job comes or the time has.
        case rest(until: Double?)
        /// The model has ended.
        case end(End?)
    }

    /// Makes the model known as it begins.
    private func begin() {
        publish()
        settleReservation()
        model.condition = store?.failure.map { .stopped($0) } ?? .ready
    }

    /// Does what is due, and the jobs that wait and go together.
    func takeTurn() -> Next {
        if unknownState == nil { startRefreshIfDue() }
        store?.startCheckpointIfDue(classifier, idempotency)
        publishIfSolved()
        let limit = context.limits.blockRows
        var rows = 0
        let jobs = model.queue.poll { taken, next in
            guard case .learn(let first) = taken[0], case .learn(let job) = next else { return false }
            rows = (taken.count == 1 ? first.rows.count : rows) + job.rows.count
            return rows <= limit && job.rows.dimension == first.rows.dimension
        }
        guard let jobs else { return end(.busy("the server is stopping"), deletion: nil) }
        guard let first = jobs.first else {
            let isWanted = unknownState == nil && classifier.needsBalancing
            return .rest(until: [refresh.wakeUp(isWanted: isWanted), store?.wakeUp].compactMap { $0 }.min())
        }
        if case .delete(let completion) = first { return end(.deletedModel(model.name), deletion: completion) }
        perform(first, jobs)
        return .turn
    }

    private func end(_ reason: ModelError, deletion: Completion<Void>?) -> Next {
        refuseWaiting(reason)
        if deletion == nil { store?.close(classifier, idempotency) }
        refresh.cancel()
        return .end(End(deletion: deletion, store: store))
    }

    /// Tells those who wait for balanced weights that there will be none.
    private func refuseWaiting(_ reason: ModelError) {
        for completion in refresh.takeWaiting() { completion.fail(reason) }
    }

    private func perform(_ first: Job, _ jobs: [Job]) {
        if let unknownState {
            let detail = "the state of the model \"\(model.name)\" is unknown until the server restarts: \(unknownState)"
            let reason = ModelError(.unavailable, detail)
            for job in jobs { job.refuse(reason) }
            return refuseWaiting(reason)
        }
        switch first {
        case .learn: learn(jobs.compactMap { if case .learn(let job) = $0 { job } else { nil } })
        case .unlearn(let rows, let key, let completion):
            change(.unlearned(rows: rows.count), key, completion, erasing: true) { () throws(ModelError) in try unlearn(rows) }
        case .merge(let file, let key, let completion):
            change(.merged, key, completion, erasing: false) { () throws(ModelError) in try merge(file) }
        case .reconfigure(let patch, let completion):
            change(.reconfigured, completion) { () throws(ModelError) in try reconfigure(patch) }
        case .renameClass(let label, let new, let completion):
            change(.classRenamed, completion) { () throws(ModelError) in try renameClass(label, to: new) }
        case .deleteClass(let label, let completion):
            change(.classDeleted, completion) { () throws(ModelError) in try deleteClass(label) }
        case .rebalance(let completion): rebalance(completion)
        case .adopt(let outcome): adopt(outcome)
        case .measure(let job): measure(job)
        case .call(let body): body(classifier)
        case .describe(let completion, _): describe(completion)
        case .snapshot(let parts, let completion): snapshot(parts, completion)
        case .snapshotSize(let parts, let completion): snapshotSize(parts, completion)
        case .restore(let file, let completion): change(.restored, completion) { () throws(ModelError) in try restore(file) }
        case .delete: break
        }
    }

    private func describe(_ completion: Completion<ModelDetails>) {
        do throws(ModelError) { completion.succeed(try details()) } catch { completion.fail(error) }
    }

    /// Makes the state visible to predictions.
    func publish() {
        guard let weights = classifier.publish() else {
            return context.log.error(
                "the weights are not finite; the last finite ones stay in use",
                ["model": model.name, "ridge that would cure it": classifier.health.curingRidge.map { "\($0)" } ?? "not known"])
        }
        reservationInDouble.settle(at: weights.exactBytes)
        model.publish(weights)
        tellOfHealing()
    }

    /// Publishes weights that have been solved again between two changes: to measure leverage, or for a checkpoint.
    private func publishIfSolved() {
        guard unknownState == nil, let published = model.published, published.version == classifier.version else { return }
        if published.health.solves != classifier.health.solves {
            publish()
        }
    }

    /// The model's details as they are, or are about to be, published.
    func details() throws(ModelError) -> ModelDetails {
        guard let weights = classifier.publish() ?? model.published else {
            throw ModelError(.internal, "the model has not published any weights")
        }
        return ModelDetails(model, weights)
    }
}
