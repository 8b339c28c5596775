internal import AnalyticLearning
internal import Concurrency
internal import Foundation
internal import HTTPServer
internal import Storage

extension ModelWorker {
    /// Makes a change, makes it last, shows it, and only then answers.
    ///
    /// No log tells of such a change: it is in a checkpoint before its answer. Where that cannot be, the state is made again as it is on
    /// disk, and nothing has happened.
    ///
    /// - Parameters:
    ///   - kind: what it is, for those who read events.
    ///   - identity: what the client calls the request.
    ///   - erasing: whether older checkpoints must go, because they know rows that are to be forgotten.
    ///   - body: makes the change, all or none, and the answer. Where it throws, the state is as it was but for what `Before` keeps.
    func change(
        _ kind: ModelChange, _ responder: DeferredResponder, _ identity: RequestIdentity? = nil, erasing: Bool = false,
        _ body: () throws(Problem) -> Change
    ) {
        do throws(Problem) {
            try store?.requireInPlace()
            if let identity, case .answered(let answer) = try idempotency.find(identity) {
                // It was done, but what the rows lay in before may still be there.
                if erasing { try store?.finishErasure() }
                return context.answers.answer(answer.text(classifier.registry), to: responder)
            }
            try requireCountable()
            let before = Before(self)
            let change = try attempt(body, before)
            guard !change.isNone else { return context.answers.answer(change.text, to: responder) }
            if let identity, let answer = change.answer { idempotency.remember(identity, answer, time: WallClock.coarseSeconds) }
            if let store { try persist(store, kind, before, erasing: erasing) }
            publish(kind)
            context.answers.answer(change.text, to: responder)
        } catch {
            responder.send(error.response)
        }
    }

    /// What is put back where a change is refused, or comes to nothing. A refresh in flight goes on then: nothing has called it off.
    private struct Before {
        let classifier: Classifier
        let idempotency: IdempotencyTable
        let version: Int
        /// What of the state is not on disk, or not all of it.
        let history: ModelHistory

        init(_ worker: ModelWorker) {
            classifier = worker.classifier
            idempotency = worker.idempotency
            version = worker.classifier.version
            history = worker.classifier.history
        }
    }

    /// Calls what makes a change; where it throws, nothing has happened.
    private func attempt(_ body: () throws(Problem) -> Change, _ before: Before) throws(Problem) -> Change {
        defer { settleReservation() }
        do throws(Problem) {
            return try body()
        } catch {
            classifier = before.classifier
            idempotency = before.idempotency
            throw error
        }
    }

    private func publish(_ kind: ModelChange) {
        // What a refresh would make is of a state that is no more.
        refresh.cancel()
        publish()
        if case .unlearned(let rows) = kind { model.activity.withLock { $0.unlearnedRows += rows } }
        tell(of: kind)
    }

    private func persist(_ store: ModelStore, _ kind: ModelChange, _ before: Before, erasing: Bool) throws(Problem) {
        do throws(Problem) {
            try store.checkpoint(classifier, idempotency, erasing: erasing)
        } catch {
            if store.isInPlace {
                // The new state is on disk; only something beside it failed.
                publish(kind)
                throw error
            }
            do {
                try goBack(to: before, store)
            } catch let reason {
                store.stop("a change could not be stored, and the state before it could not be read: \(reason)")
                unknownState = store.failure
            }
            throw error
        }
    }

    /// Makes the state again as it was before a change that came to nothing, or of which nobody knows whether it will last: from the
    /// checkpoint before, which is still there, and the logs. What no file has all of is taken from memory.
    private func goBack(to before: Before, _ store: ModelStore) throws {
        let recovery = try ModelRecovery(model.name, store.directory, version: store.newestCheckpoint)
        let state = try recovery.recover(totalRows: recovery.verifyLogs())
        guard state.classifier.version == before.version else {
            let reason = "the files lead to version \(state.classifier.version), expected \(before.version)"
            throw DamagedState(path: store.directory.path, reason: reason)
        }
        // Nothing is written any more where it is unknown what is on the device.
        if store.failure == nil { try store.resume(state) }
        state.classifier.resume(before.history)
        classifier = state.classifier
        idempotency = before.idempotency
        settleReservation()
    }
}
