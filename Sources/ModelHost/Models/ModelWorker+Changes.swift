internal import AnalyticLearning
internal import Concurrency
internal import Foundation
internal import Storage

extension ModelWorker {
    /// Makes a change, makes it last, shows it, and only then answers.
    ///
    /// No log tells of such a change: it is in a checkpoint before its answer. If that cannot be, the state is made again as it is on
    /// disk, and nothing has happened.
    ///
    /// - Parameters:
    ///   - kind: what it is, for those who read events.
    ///   - body: makes the change, all or none. If it throws, the state is as it was but for what `Before` keeps.
    func change<Value>(
        _ kind: ModelChange, _ completion: Completion<Value>, _ body: () throws(ModelError) -> Change<Value>
    ) {
        do throws(ModelError) {
            try store?.requireInPlace()
            completion.succeed(try make(kind, erasing: false, body))
        } catch {
            completion.fail(error)
        }
    }

    /// The same for a change of rows, which may have been made before under its key.
    ///
    /// - Parameter erasing: whether older checkpoints must go, because they know rows that are to be forgotten.
    func change(
        _ kind: ModelChange, _ key: ChangeKey?, _ completion: Completion<KeyedOutcome>, erasing: Bool,
        _ body: () throws(ModelError) -> ChangedRows
    ) {
        do throws(ModelError) {
            try store?.requireInPlace()
            if let key, case .answered(let answer) = try idempotency.find(key.identity) {
                // It was done, but what the rows lay in before may still be there.
                if erasing { try store?.finishErasure() }
                guard let answer = answer.remembered(classifier.registry) else { throw ModelError(.internal, "unexpected kind of answer") }
                return completion.succeed(.remembered(answer))
            }
            let outcome = try make(kind, erasing: erasing) { () throws(ModelError) in
                let rows = try body()
                let labels = classifier.registry.labels
                var change = Change(RowsChanged(state: summary, rows: rows.count, classes: rows.columns.map { labels[$0] }))
                if let key {
                    let (start, end) = key.write(change.value)
                    let answer = IdempotencyTable.Answer.listing(start, AnsweredClasses(rows.columns, of: classifier.registry), end)
                    change.remembered = (key.identity, answer)
                }
                return change
            }
            completion.succeed(.made(outcome))
        } catch {
            completion.fail(error)
        }
    }

    private func make<Value>(
        _ kind: ModelChange, erasing: Bool, _ body: () throws(ModelError) -> Change<Value>
    ) throws(ModelError) -> Value {
        try requireCountable()
        let before = Before(self)
        let change = try attempt(body, before)
        guard !change.isNone else { return change.value }
        if let (identity, answer) = change.remembered { idempotency.remember(identity, answer, time: WallClock.coarseSeconds) }
        if let store { try persist(store, kind, before, erasing: erasing) }
        publish(kind)
        return change.value
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
    private func attempt<Value>(
        _ body: () throws(ModelError) -> Change<Value>, _ before: Before
    ) throws(ModelError) -> Change<Value> {
        defer { settleReservation() }
        do throws(ModelError) {
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
        model.events.publish(.changed(version: classifier.version, kind))
    }

    private func persist(_ store: ModelStore, _ kind: ModelChange, _ before: Before, erasing: Bool) throws(ModelError) {
        do throws(ModelError) {
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
