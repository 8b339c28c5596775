internal import AnalyticLearning
internal import Foundation
internal import HTTPServer
internal import Locks
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
    ///   - body: makes the change, all or none, and the answer.
    func change(
        _ kind: ModelChange, _ responder: DeferredResponder, _ identity: RequestIdentity? = nil, erasing: Bool = false,
        _ body: () throws(Problem) -> Response
    ) {
        do throws(Problem) {
            try store?.requireUsable()
            if let identity, case .answered(let answer) = try idempotency.find(identity) {
                // It was done, but what the rows lay in before may still be there.
                if erasing { try store?.finishErasure() }
                return responder.send(answer.response)
            }
            try requireCountable()
            let before = store == nil ? nil : Before(history: classifier.history, idempotency: idempotency, version: classifier.version)
            let response = try body()
            // What it would make is of a state that is no more.
            refresh.cancel()
            if let identity, case .bytes(let bytes) = response.body {
                idempotency.remember(identity, .body(bytes), time: Self.wallClock)
            }
            if let store, let before { try persist(store, kind, before, erasing: erasing) }
            publish(kind)
            responder.send(response)
        } catch {
            responder.send(error.response)
        }
    }

    /// What of the state before a change is not on disk, or not all of it.
    private struct Before {
        var history: ModelHistory
        var idempotency: IdempotencyTable
        var version: Int
    }

    private func publish(_ kind: ModelChange) {
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
                store.stop("a change could not be made to last, and the state before it could not be read: \(reason)")
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
        let bytes = classifier.configuration.estimatedBytes(classes: classifier.registry.count) ?? reserved
        context.budget.exchange(reserved, for: bytes)
        reserved = bytes
    }

    /// Seconds since 1970: what an answer's age is counted from, also after a restart.
    static var wallClock: Int {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return now.tv_sec
    }
}
