internal import AnalyticLearning
internal import Concurrency
internal import Foundation
internal import Storage

/// Owns a model's truth and view. It takes waiting jobs, applies them, publishes, and only then answers; one thread at a time runs it.
final class ModelWorker {
    let model: Model
    let context: HostContext
    var classifier: Classifier
    /// This model's share of the budget.
    let reservation: Reservation
    /// An additional share for memory that is never refused: remembered answers, and published weights that do not fit Float32.
    private let reservationBeside: Reservation
    /// The memory of published weights that do not fit Float32; 0 for most models.
    private var exactBytes = 0
    /// An additional share for the buffer of a load.
    let loadReservation: Reservation
    /// The rows of a block, one request after another; empty between blocks.
    var features: [Double] = []
    private var notedMemory: MemoryParts?
    /// When the buffers were last used, in seconds of the monotonic clock.
    private var usedBuffers = 0.0
    var refresh = RefreshSchedule()
    var ridges = RidgeSchedule()
    /// The rows of a load that predictions do not use yet.
    var unseen = UnseenRows()
    /// The number of healings already published as events.
    var toldHeals = 0
    /// The answers given under each key.
    var idempotency: IdempotencyTable
    /// The model's files; nil if the state is in memory only.
    let store: ModelStore?
    /// Why the state cannot be published: a change could be neither stored nor undone.
    var unknownState: String?

    private init(model: Model, start: Start, reservation: Reservation, context: HostContext) {
        self.model = model
        self.reservation = reservation
        reservationBeside = Reservation(of: context.budget)
        loadReservation = Reservation(of: context.budget)
        self.context = context
        classifier = start.classifier
        idempotency = start.idempotency
        store = start.store
    }

    /// A worker's initial state.
    private struct Start {
        var classifier: Classifier
        var idempotency = IdempotencyTable()
        var store: ModelStore?
    }

    /// Creates the worker, or fails the waiting jobs with the reason.
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
                model.lose("\(error)")
                turn.end()
            }
            onFailure()
            claim.release()
            reservation.giveBack()
            let reason = SnapshotFile.modelError(error)
            context.log.error("a model could not be created", ["model": model.name, "reason": reason.detail])
            let others = ModelError.busy("the model \"\(model.name)\" could not be created")
            for (index, job) in model.queue.close().enumerated() {
                // The model does not exist, as requested.
                if case .delete = job { job.refuse(.unknownModel(model.name)) } else { job.refuse(index == 0 ? reason : others) }
            }
            return nil
        }
    }

    /// 422: a new model does not fit in memory.
    static func doesNotFit(_ configuration: ModelConfiguration, bytes: Int?, budget: MemoryBudget) -> ModelError {
        .doesNotFit("a model of dimension \(configuration.dimension) and width \(configuration.width)", bytes: bytes, budget: budget)
    }

    /// Creates the model, and its files if there is a data directory.
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
                totalRows: rows, sharing: model.published,
                reserve: { (configuration, classes) throws(ModelError) in
                    // Labels added by the log are counted once the state exists.
                    let bytes = configuration.estimatedBytes(classes: classes).map { $0 + recovery.snapshot.labelBytes }
                    guard let bytes, reservation.resize(to: bytes) else {
                        throw .doesNotFit("the \(classes) classes in its log", bytes: bytes, budget: context.budget)
                    }
                }, progress: { progress.note(rows: $0) })
            turn.end()
            let log = try state.chain.continue()
            if let torn = state.chain.tornEnd { context.log.warning(cutting: torn, model: model.name) }
            try recovery.removeSuperfluous(context.log)
            model.files.withLock { $0 = FileActivity(checkpoint: recovery.checkpoint, logBytes: state.chain.bytesRead) }
            progress.finish(version: state.classifier.version)
            let files = ModelStore(observer(model), store: store, recovery: recovery, state: state, log: log)
            if !state.renamed.isEmpty { files.keepNames(state) }
            return Start(classifier: state.classifier, idempotency: state.table, store: files)
        }
        let store = try context.store.map {
            try ModelStore(model.name, observer(model), store: $0, classifier: classifier)
        }
        return Start(classifier: classifier, store: store)
    }

    /// What a model records when its files change.
    private static func observer(_ model: Model) -> StoreObserver {
        StoreObserver(
            activity: model.files, hasStopped: { model.condition = .stopped($0) },
            isInPlace: {
                model.events.publish(.checkpointed(version: $0.version, bytes: $0.bytes ?? 0, seconds: $0.seconds ?? 0))
            }, wake: { model.turns?.wake() })
    }

    /// What remains of a worker when it ends.
    struct End {
        /// The completion of the model's deletion, if any.
        var deletion: Completion<Void>?
        var store: ModelStore?
    }

    /// What follows a turn.
    enum Next {
        /// Another turn.
        case turn
        /// Nothing until a job arrives or this time is reached.
        case rest(until: Double?)
        /// The model has ended.
        case end(End?)
    }

    /// Publishes the initial state.
    private func begin() {
        usedBuffers = MonotonicClock.now
        publish()
        settleReservation()
        model.condition = store?.failure.map { .stopped($0) } ?? .ready
    }

    /// Starts what is due, then runs the next jobs that belong together.
    func takeTurn() -> Next {
        if unknownState == nil { startRefreshIfDue() }
        startRidgeJobIfDue()
        store?.startCheckpointIfDue(classifier, idempotency)
        showUnseenIfDue()
        publishIfSolved()
        let limit = context.limits.blockRows
        var rows = 0
        let jobs = model.queue.poll { taken, next in
            guard case .learn(let first) = taken[0], case .learn(let job) = next else { return false }
            rows = (taken.count == 1 ? first.rows.count : rows) + job.rows.count
            return rows <= limit && job.rows.dimension == first.rows.dimension && job.isForLater == first.isForLater
        }
        guard let jobs else { return end(.busy("the server is stopping"), deletion: nil) }
        guard let first = jobs.first else {
            if let due = unseen.due, MonotonicClock.now >= due {
                showUnseen()
                return .turn
            }
            let isWanted = unknownState == nil && unseen.count == 0 && classifier.needsBalancing
            return .rest(
                until: [
                    refresh.wakeUp(isWanted: isWanted), ridges.wakeUp(needsCandidates: needsRidgeCandidates), store?.wakeUp, unseen.due,
                    restIfDue(),
                ].compactMap { $0 }.min())
        }
        if case .delete(let completion) = first { return end(.deletedModel(model.name), deletion: completion) }
        perform(first, jobs)
        if !classifier.isAtRest, first.usesBuffers { usedBuffers = MonotonicClock.now }
        noteMemory()
        return .turn
    }

    /// Frees the buffers of a block some seconds after the last one.
    ///
    /// - Returns: when to ask again.
    private func restIfDue() -> Double? {
        guard !classifier.isAtRest else { return nil }
        let time = usedBuffers + context.restDelay
        guard MonotonicClock.now >= time else { return time }
        classifier.rest()
        noteMemory()
        return nil
    }

    /// Counts the memory that the model holds now.
    func noteMemory() {
        let parts = MemoryParts(
            classifier: ObjectIdentifier(classifier), classes: classifier.registry.count, imbalance: classifier.configuration.imbalance,
            isAtRest: classifier.isAtRest, gatheredBytes: classifier.isAtRest ? classifier.gatheredBytes : 0,
            labelBytes: classifier.registry.labelBytes, besideBytes: besideBytes)
        // Most blocks change none of it.
        guard parts != notedMemory else { return }
        notedMemory = parts
        reservationBeside.settle(at: besideBytes)
        model.noteMemory(heldBytes)
    }

    /// What the memory of a model depends on, besides its configuration.
    private struct MemoryParts: Equatable {
        let classifier: ObjectIdentifier
        let classes: Int
        let imbalance: Imbalance
        let isAtRest: Bool
        let gatheredBytes: Int
        let labelBytes: Int
        let besideBytes: Int
    }

    /// The memory that is never refused.
    private var besideBytes: Int { exactBytes + idempotency.heldBytes }

    /// The memory that the model holds now, in bytes.
    private var heldBytes: Int {
        [classifier.heldBytes ?? .max, classifier.registry.labelBytes, besideBytes].reduce(0) { sum, part in
            let (total, overflow) = sum.addingReportingOverflow(part)
            return overflow ? .max : total
        }
    }

    private func end(_ reason: ModelError, deletion: Completion<Void>?) -> Next {
        refuseWaiting(reason)
        if deletion == nil { store?.close(classifier, idempotency) }
        refresh.cancel()
        return .end(End(deletion: deletion, store: store))
    }

    /// Fails the requests that wait for balanced weights or a ridge curve.
    private func refuseWaiting(_ reason: ModelError) {
        for completion in refresh.takeWaiting() { completion.fail(reason) }
        refuseRidgeCurves(reason)
    }

    private func perform(_ first: Job, _ jobs: [Job]) {
        if let unknownState {
            let detail = "the state of the model \"\(model.name)\" is unknown until the server restarts: \(unknownState)"
            let reason = ModelError(.unavailable, detail)
            for job in jobs { job.refuse(reason) }
            return refuseWaiting(reason)
        }
        if case .learn(let job) = first, job.isForLater {} else { showUnseen() }
        switch first {
        case .learn: learn(jobs.compactMap { if case .learn(let job) = $0 { job } else { nil } })
        case .unlearn(let rows, let key, let completion):
            change(.unlearned(rows: rows.count), key, completion, erasing: true) { () throws(ModelError) in try unlearn(rows) }
        case .merge(let file, let key, let completion):
            change(.merged, key, completion, erasing: false) { () throws(ModelError) in try merge(file) }
        case .reconfigure(let patch, let completion):
            change(.reconfigured, completion, logging: { () throws(ModelError) in try loggedChange(patch) }) { () throws(ModelError) in
                try reconfigure(patch)
            }
        case .renameClass(let label, let new, let completion):
            let record = { () throws(ModelError) in try self.loggedRename(label, to: new) }
            change(.classRenamed, completion, logging: record) { () throws(ModelError) in try renameClass(label, to: new) }
        case .deleteClass(let label, let completion):
            change(.classDeleted, completion, logging: { loggedDeletion(label) }) { () throws(ModelError) in
                try deleteClass(label)
            }
        case .joinClasses(let label, let target, let key, let completion): joinClasses(label, into: target, key, completion)
        case .rebalance(let completion): rebalance(completion)
        case .adopt(let outcome): adopt(outcome)
        case .ridgeCurve(let completion): ridgeCurve(completion)
        case .adoptRidges(let outcome): adopt(outcome)
        case .moveRidge(let ridge, let generation): moveRidge(to: ridge, generation: generation)
        case .measure(let job): measure(job)
        case .call(let body): body(classifier)
        case .describe(let completion, _): describe(completion)
        case .snapshot(let parts, let completion): snapshot(parts, completion)
        case .snapshotSize(let parts, let completion): snapshotSize(parts, completion)
        case .restore(let file, let completion):
            change(.restored, completion, logging: { nil }) { () throws(ModelError) in try restore(file) }
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
        exactBytes = weights.exactBytes
        noteMemory()
        model.publish(weights)
        tellOfHealing()
    }

    /// Publishes weights that were solved again between two changes: for a leverage or a checkpoint.
    private func publishIfSolved() {
        guard unknownState == nil, let published = model.published, published.version == classifier.version else { return }
        if published.health?.solves != classifier.health.solves {
            publish()
        }
    }

    /// The model's details as published, or about to be published.
    func details() throws(ModelError) -> ModelDetails {
        guard let weights = classifier.publish() ?? model.published else {
            throw ModelError(.internal, "the model has not published any weights")
        }
        return ModelDetails(model, weights, memory: heldBytes)
    }
}
