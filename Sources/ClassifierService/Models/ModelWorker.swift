internal import AnalyticLearning
internal import Foundation
internal import HTTPServer
internal import Locks
internal import Storage

/// The one thread that owns a model's truth and view. It takes what waits, applies it, publishes, and only then answers.
final class ModelWorker {
    let model: Model
    let context: ServiceContext
    var classifier: Classifier
    /// What this model holds of the budget.
    var reserved: Int
    /// The rows of a block, one request after another.
    var features: [Double] = []
    var refresh = RefreshSchedule()
    /// The healings of the view that events have told of.
    var toldHeals = 0
    /// What has been answered under which key.
    var idempotency: IdempotencyTable
    /// The model's files; nil where the state is in memory only.
    let store: ModelStore?
    /// Why the state here is none that may be shown: a change could neither be made to last nor be undone.
    var unknownState: String?

    private init(model: Model, start: Start, context: ServiceContext) {
        self.model = model
        self.context = context
        classifier = start.classifier
        idempotency = start.idempotency
        store = start.store
        reserved = start.reserved
    }

    /// What a worker begins with.
    private struct Start {
        var classifier: Classifier
        var idempotency = IdempotencyTable()
        var store: ModelStore?
        var reserved: Int
    }

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - reserved: the bytes that were reserved for the model; released when it ends.
    ///   - origin: what to begin with.
    ///   - running: counts the thread.
    ///   - onFailure: called on the thread when the model cannot be made, before waiting requests are refused: the first with the reason.
    ///   - whenMade: called on the thread when the model has been made, or cannot be.
    static func start(
        _ model: Model, reserved: Int, origin: ModelOrigin, context: ServiceContext, running: Latch,
        onFailure: @escaping @Sendable () -> Void, whenMade: @escaping @Sendable () -> Void = {}
    ) {
        running.enter()
        // The thread lives as long as the model; what it begins with must not.
        let source = Guarded<ModelOrigin?>(origin)
        let thread = Thread {
            ThreadPriority.giveWay()
            defer { running.leave() }
            // Whoever had the name before may still be at its files.
            context.store?.claim(model.name)
            // No name holds the worker, nor the classifier it began with: both are gone when `run` returns, and their memory is free.
            guard
                let end = make(model, reserved: reserved, source.withLock { $0.take() }!, context, onFailure, whenMade)?.run()
            else { return }
            context.budget.release(end.reserved)
            let answer = end.responder == nil ? nil : end.store?.delete() ?? Response(.noContent)
            context.store?.release(model.name)
            if let answer {
                model.events.end()
                end.responder?.send(answer)
            }
        }
        thread.name = "model"
        // LAPACK's recursive factorisations and OpenBLAS's buffers want more than the default of a secondary thread.
        thread.stackSize = 16 << 20
        thread.start()
    }

    /// Makes the worker, or answers those who wait why it cannot be made.
    private static func make(
        _ model: Model, reserved: Int, _ origin: ModelOrigin, _ context: ServiceContext, _ onFailure: () -> Void,
        _ whenMade: () -> Void
    ) -> ModelWorker? {
        defer { whenMade() }
        var reserved = reserved
        do {
            return ModelWorker(model: model, start: try begin(model, &reserved, origin, context), context: context)
        } catch {
            if case .stored = origin { model.condition = .lost("\(error)") }
            onFailure()
            context.store?.release(model.name)
            context.budget.release(reserved)
            let problem = SnapshotFile.problem(error)
            context.log.error("a model could not be made", ["model": model.name, "reason": problem.detail])
            let others = Problem.busy("the model \"\(model.name)\" could not be made")
            for (index, job) in model.queue.close().enumerated() { job.refuse(index == 0 ? problem : others) }
            return nil
        }
    }

    /// Makes the model, and its files where there is a data directory.
    private static func begin(
        _ model: Model, _ reserved: inout Int, _ origin: ModelOrigin, _ context: ServiceContext
    ) throws -> Start {
        let classifier: Classifier
        switch origin {
        case .fresh: classifier = try Classifier(model.configuration)
        case .file(let file): classifier = try file.restore(notBefore: 0)
        case .stored(let recovery, let rows):
            guard let store = context.store else { preconditionFailure("recovered without a data directory") }
            return try store.inTurn {
                var progress = RecoveryProgress(context.log, model: model.name, totalRows: rows)
                let state = try recovery.recover(
                    totalRows: rows,
                    reserve: { (classes) throws(Problem) in
                        let bytes = recovery.snapshot.configuration.bytesPerClass.map { $0.multipliedReportingOverflow(by: classes) }
                        guard let bytes, !bytes.overflow, context.budget.reserve(bytes.partialValue) else {
                            throw .doesNotFit("\(classes) logged classes", bytes: bytes?.partialValue, budget: context.budget)
                        }
                        reserved += bytes.partialValue
                    }, progress: { progress.note(rows: $0) })
                let log = try state.chain.continue()
                try recovery.removeSuperfluous(context.log)
                let time = CheckpointFile.modificationTime(recovery.directory, version: recovery.version)
                model.activity.withLock {
                    $0.files = FileActivity(
                        checkpoint: FileActivity.Checkpoint(version: recovery.version, time: time), logBytes: state.chain.bytesRead)
                }
                progress.finish(version: state.classifier.version)
                return Start(
                    classifier: state.classifier, idempotency: state.table,
                    store: ModelStore(model, store: store, recovery: recovery, state: state, log: log), reserved: reserved)
            }
        }
        let store = try context.store.map { try ModelStore(model, store: $0, classifier: classifier) }
        return Start(classifier: classifier, store: store, reserved: reserved)
    }

    /// What is left of a worker.
    private struct End {
        /// Who waits for the model's deletion, if anybody.
        var responder: DeferredResponder?
        /// The bytes to release.
        var reserved: Int
        var store: ModelStore?
    }

    /// Works until the queue is closed.
    private func run() -> End {
        defer { refresh.cancel() }
        publish()
        model.condition = .ready
        let limit = context.limits.blockRows
        while true {
            if unknownState == nil { startRefreshIfDue() }
            store?.startCheckpointIfDue(classifier, idempotency)
            publishIfSolved()
            var rows = 0
            let isWanted = unknownState == nil && classifier.needsBalancing
            let wakeUp = [refresh.wakeUp(isWanted: isWanted), store?.wakeUp].compactMap { $0 }.min()
            let jobs = model.queue.take(until: wakeUp) { taken, next in
                guard case .learn(let first) = taken[0], case .learn(let job) = next else { return false }
                rows = (taken.count == 1 ? first.rows : rows) + job.rows
                return rows <= limit && job.dimension == first.dimension
            }
            guard let jobs else {
                refuseWaiting(.busy("the server is stopping"))
                store?.close(classifier, idempotency)
                return End(responder: nil, reserved: reserved, store: store)
            }
            guard let first = jobs.first else { continue }
            if case .delete(let responder) = first {
                refuseWaiting(.deletedModel(model.name))
                return End(responder: responder, reserved: reserved, store: store)
            }
            perform(first, jobs)
        }
    }

    /// Tells those who wait for balanced weights that there will be none.
    private func refuseWaiting(_ problem: Problem) {
        for responder in refresh.takeWaiting() { responder.send(problem.response) }
    }

    private func perform(_ first: Job, _ jobs: [Job]) {
        if let unknownState {
            let detail = "the state of model \"\(model.name)\" is unknown until the server is started again: \(unknownState)"
            let problem = Problem(.serviceUnavailable, detail)
            for job in jobs { job.refuse(problem) }
            return refuseWaiting(problem)
        }
        switch first {
        case .learn: learn(jobs.compactMap { if case .learn(let job) = $0 { job } else { nil } })
        case .unlearn(let job, let responder):
            change(.unlearned(rows: job.rows), responder, job.identity, erasing: true) { () throws(Problem) in try unlearn(job) }
        case .merge(let file, let responder, let identity): change(.merged, responder, identity) { () throws(Problem) in try merge(file) }
        case .reconfigure(let patch, let responder): change(.reconfigured, responder) { () throws(Problem) in try reconfigure(patch) }
        case .renameClass(let label, let new, let responder):
            change(.classRenamed, responder) { () throws(Problem) in try renameClass(label, to: new) }
        case .deleteClass(let label, let responder): change(.classDeleted, responder) { () throws(Problem) in try deleteClass(label) }
        case .rebalance(let responder): rebalance(responder)
        case .adopt(let outcome): adopt(outcome)
        case .measure(let job): measure(job)
        case .limitMemory(let bytes): classifier.memoryLimit = bytes
        case .disturb(let value): classifier.disturbInverse(0, classifier.configuration.width - 1, by: value)
        case .describe(let responder, let status): answer(responder) { () throws(Problem) in try describe(status) }
        case .snapshot(let parts, let lengthAlone, let responder): snapshot(parts, lengthAlone: lengthAlone, responder)
        case .restore(let file, let responder, let status): change(.restored, responder) { () throws(Problem) in try restore(file, status) }
        case .delete: break
        }
    }

    private func answer(_ responder: DeferredResponder, _ body: () throws(Problem) -> Response) {
        do throws(Problem) { responder.send(try body()) } catch { responder.send(error.response) }
    }

    /// Makes the state visible to predictions.
    func publish() {
        guard let weights = classifier.publish() else {
            return context.log.error(
                "the weights are not finite; the last finite ones stay in use",
                ["model": model.name, "ridge that would cure it": "\(classifier.health.curingRidge)"])
        }
        model.publish(weights)
        tellOfHealing()
    }

    /// Publishes weights that have been solved anew between two changes: to measure leverage, or for a checkpoint.
    private func publishIfSolved() {
        guard unknownState == nil, let published = model.published, published.version == classifier.version else { return }
        if published.health.solves != classifier.health.solves {
            publish()
        }
    }

    /// The model's details as they are, or are about to be, published.
    func describe(_ status: Status) throws(Problem) -> Response {
        guard let weights = classifier.publish() ?? model.published else {
            throw Problem(.internalServerError, "the model has published nothing")
        }
        return ModelAnswer(model: model, weights: weights).response(status)
    }
}
