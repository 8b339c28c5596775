internal import AnalyticLearning
internal import Foundation
internal import HTTPServer

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

    private init(model: Model, classifier: Classifier, reserved: Int, context: ServiceContext) {
        self.model = model
        self.classifier = classifier
        self.reserved = reserved
        self.context = context
    }

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - reserved: the bytes that were reserved for the model; released when it ends.
    ///   - file: a snapshot to begin with; a fresh model where nil.
    ///   - onFailure: called on the thread when the model cannot be made, before waiting requests are refused: the first with the reason.
    static func start(
        _ model: Model, reserved: Int, file: SnapshotFile?, context: ServiceContext, onFailure: @escaping @Sendable () -> Void
    ) {
        // The thread lives as long as the model; the file must not.
        let source = Guarded(file)
        let thread = Thread {
            // No name holds the worker, nor the classifier it began with: both are gone when `run` returns, and their memory is free.
            guard let end = make(model, reserved: reserved, source.withLock { $0.take() }, context, onFailure)?.run() else { return }
            context.budget.release(end.reserved)
            end.responder?.send(Response(.noContent))
        }
        thread.name = "model"
        // LAPACK's recursive factorisations and OpenBLAS's buffers want more than the default of a secondary thread.
        thread.stackSize = 16 << 20
        thread.start()
    }

    /// Makes the worker, or answers those who wait why it cannot be made.
    private static func make(
        _ model: Model, reserved: Int, _ file: SnapshotFile?, _ context: ServiceContext, _ onFailure: () -> Void
    ) -> ModelWorker? {
        do {
            let classifier = try file.map { try $0.restore(notBefore: 0) } ?? Classifier(model.configuration)
            return ModelWorker(model: model, classifier: classifier, reserved: reserved, context: context)
        } catch {
            onFailure()
            context.budget.release(reserved)
            let problem = SnapshotFile.problem(error)
            context.log.error("a model could not be made", ["model": model.name, "reason": problem.detail])
            let others = Problem.busy("the model \"\(model.name)\" could not be made")
            for (index, job) in model.queue.close().enumerated() { job.refuse(index == 0 ? problem : others) }
            return nil
        }
    }

    /// Works until the queue is closed.
    ///
    /// - Returns: who waits for the end, if anybody, and the bytes to release.
    private func run() -> (responder: DeferredResponder?, reserved: Int) {
        defer { refresh.cancellation.cancel() }
        publish()
        let limit = context.limits.blockRows
        while true {
            startRefreshIfDue()
            var rows = 0
            let jobs = model.queue.take(until: refresh.wakeUp(isWanted: classifier.needsBalancing)) { taken, next in
                guard case .learn(let first) = taken[0], case .learn(let job) = next else { return false }
                rows = (taken.count == 1 ? first.rows : rows) + job.rows
                return rows <= limit && job.dimension == first.dimension
            }
            guard let jobs else { return (nil, reserved) }
            guard let first = jobs.first else { continue }
            if case .delete(let responder) = first { return (responder, reserved) }
            perform(first, jobs)
        }
    }

    private func perform(_ first: Job, _ jobs: [Job]) {
        switch first {
        case .learn: learn(jobs.compactMap { if case .learn(let job) = $0 { job } else { nil } })
        case .unlearn(let job, let responder): answer(responder) { () throws(Problem) in try unlearn(job) }
        case .merge(let file, let responder): answer(responder) { () throws(Problem) in try merge(file) }
        case .reconfigure(let patch, let responder): answer(responder) { () throws(Problem) in try reconfigure(patch) }
        case .renameClass(let label, let new, let responder): answer(responder) { () throws(Problem) in try renameClass(label, to: new) }
        case .deleteClass(let label, let responder): answer(responder) { () throws(Problem) in try deleteClass(label) }
        case .rebalance(let responder): answer(responder) { () throws(Problem) in try rebalance() }
        case .adopt(let outcome): adopt(outcome)
        case .describe(let responder, let status): answer(responder) { () throws(Problem) in try describe(status) }
        case .snapshot(let parts, let responder): snapshot(parts, responder)
        case .restore(let file, let responder, let status): answer(responder) { () throws(Problem) in try restore(file, status) }
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
    }

    /// The model's details as they are published.
    func describe(_ status: Status) throws(Problem) -> Response {
        guard let weights = model.published else { throw Problem(.internalServerError, "the model has published nothing") }
        return ModelAnswer(name: model.name, weights: weights).response(status)
    }
}
