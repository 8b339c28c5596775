internal import AnalyticLearning
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
    ///   - body: makes the change, all or none, and the answer.
    func change(
        _ kind: ModelChange, _ responder: DeferredResponder, _ identity: RequestIdentity? = nil, erasing: Bool = false,
        _ body: () throws(Problem) -> Response
    ) {
        do throws(Problem) {
            try store?.requireUsable()
            if let identity, case .answered(let answer) = try idempotency.find(identity) { return responder.send(answer.response) }
            try requireCountable()
            let response = try body()
            // What it would make is of a state that is no more.
            refresh.cancel()
            if let identity, case .bytes(let bytes) = response.body {
                idempotency.remember(identity, .body(bytes), time: Self.wallClock)
            }
            try persist(kind, erasing: erasing)
            publish(kind)
            responder.send(response)
        } catch {
            responder.send(error.response)
        }
    }

    private func publish(_ kind: ModelChange) {
        publish()
        if case .unlearned(let rows) = kind { model.activity.withLock { $0.unlearnedRows += rows } }
        tell(of: kind)
    }

    private func persist(_ kind: ModelChange, erasing: Bool) throws(Problem) {
        guard let store else { return }
        let version = classifier.version
        do throws(Problem) {
            try store.checkpoint(classifier, idempotency, erasing: erasing)
        } catch {
            if store.checkpointVersion == version {
                // The new state is on disk; only something beside it failed.
                publish(kind)
                throw error
            }
            // What is on disk is unknown: nothing changes any more.
            guard store.failure == nil else { throw error }
            do {
                try returnToDisk(store)
            } catch {
                store.stop("a change could not be made to last, and the state before it could not be read: \(error)")
            }
            throw error
        }
    }

    /// Makes the state again as it is on disk: that before a change which came to nothing.
    private func returnToDisk(_ store: ModelStore) throws {
        let state = try ModelRecovery(model.name, store.directory).recover()
        store.resume(try state.chain.continue())
        classifier = state.classifier
        idempotency = state.table
        let bytes = classifier.configuration.estimatedBytes(classes: classifier.registry.count) ?? reserved
        if bytes < reserved {
            context.budget.release(reserved - bytes)
            reserved = bytes
        }
    }

    /// Seconds since 1970: what an answer's age is counted from, also after a restart.
    static var wallClock: Int {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return now.tv_sec
    }
}
