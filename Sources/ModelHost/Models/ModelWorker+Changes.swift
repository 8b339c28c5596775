internal import AnalyticLearning
internal import Concurrency
internal import Foundation
internal import Storage

extension ModelWorker {
    /// Makes a change, stores it, publishes it, and only then answers.
    ///
    /// A change that fits a record of the log is logged first, like learned rows; if that fails, nothing has changed. Any other is in a
    /// checkpoint before its answer; if the checkpoint fails, the state is rebuilt from disk, and nothing has changed.
    ///
    /// - Parameters:
    ///   - kind: the kind of change, for events.
    ///   - record: checks the change, reserves its memory, and returns its record; nil if it has none, or will be refused by `body`.
    ///   - body: makes the whole change or none of it. If it throws, the state is unchanged except for what `Before` restores.
    func change<Value>(
        _ kind: ModelChange, _ completion: Completion<Value>, logging record: () throws(ModelError) -> LoggedChange?,
        _ body: () throws(ModelError) -> Change<Value>
    ) {
        do throws(ModelError) {
            try store?.requireInPlace()
            try requireCountable()
            guard let store, let record = try settling(record), store.logs(record) else {
                return completion.succeed(try make(kind, erasing: false, body))
            }
            completion.succeed(try make(kind, logging: record, in: store, body))
        } catch {
            completion.fail(error)
        }
    }

    /// The same for a change of rows, which may have been made earlier under its key.
    ///
    /// - Parameter erasing: whether older checkpoints must be removed because they contain unlearned rows.
    func change(
        _ kind: ModelChange, _ key: ChangeKey?, _ completion: Completion<KeyedOutcome>, erasing: Bool,
        _ body: () throws(ModelError) -> ChangedRows
    ) {
        do throws(ModelError) {
            try store?.requireInPlace()
            if let key, case .answered(let answer) = try idempotency.find(key.identity) {
                // It was done, but older files with the rows may still exist.
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

    /// Joins two classes, which may have been done earlier under its key.
    ///
    /// With a key it takes a checkpoint, which holds the answer; without one, a record of the log.
    func joinClasses(_ label: Label, into target: Label, _ key: JoinKey?, _ completion: Completion<Keyed<ClassesJoined>>) {
        guard let key else {
            return change(.classesJoined, completion, logging: { loggedJoin(label, into: target) }) { () throws(ModelError) in
                Change(.made(try joinClass(label, into: target)))
            }
        }
        do throws(ModelError) {
            try store?.requireInPlace()
            if case .answered(let answer) = try idempotency.find(key.identity) {
                guard let answer = answer.remembered(classifier.registry) else { throw ModelError(.internal, "unexpected kind of answer") }
                return completion.succeed(.remembered(answer))
            }
            let joined = try make(.classesJoined, erasing: false) { () throws(ModelError) in
                var change = Change(try joinClass(label, into: target))
                change.remembered = (key.identity, .body(key.write(change.value)))
                return change
            }
            completion.succeed(.made(joined))
        } catch {
            completion.fail(error)
        }
    }

    /// Gives back memory that was reserved for a change that is then refused.
    private func settling<Value>(_ body: () throws(ModelError) -> Value) throws(ModelError) -> Value {
        do throws(ModelError) {
            return try body()
        } catch {
            settleReservation()
            throw error
        }
    }

    /// Makes a change in the order of learning: log, change, publish.
    private func make<Value>(
        _ kind: ModelChange, logging record: LoggedChange, in store: ModelStore, _ body: () throws(ModelError) -> Change<Value>
    ) throws(ModelError) -> Value {
        try settling { () throws(ModelError) in
            let dimension = classifier.configuration.dimension
            try store.append(record, dimension: dimension, time: WallClock.coarseSeconds, version: classifier.version + 1)
        }
        let change: Change<Value>
        do throws(ModelError) {
            change = try attempt(body, Before(self))
        } catch {
            // The next start must not make it.
            try store.takeBack()
            throw error
        }
        if change.isNone { try store.takeBack() } else { publish(kind) }
        return change.value
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

    /// The state to restore if a change is refused or fails. A running refresh then continues: nothing has cancelled it.
    private struct Before {
        let classifier: Classifier
        let idempotency: IdempotencyTable
        let version: Int
        /// The parts of the state that are not, or not fully, on disk.
        let history: ModelHistory

        init(_ worker: ModelWorker) {
            classifier = worker.classifier
            idempotency = worker.idempotency
            version = worker.classifier.version
            history = worker.classifier.history
        }
    }

    /// Runs a change; if it throws, the state is restored.
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
        // A running refresh works on an outdated state.
        refresh.cancel()
        ridges.noteChange()
        publish()
        if case .unlearned(let rows) = kind { model.activity.withLock { $0.unlearnedRows += rows } }
        if case .ridgeMoved = kind { model.activity.withLock { $0.ridgeMoves += 1 } }
        model.events.publish(.changed(version: classifier.version, kind))
    }

    private func persist(_ store: ModelStore, _ kind: ModelChange, _ before: Before, erasing: Bool) throws(ModelError) {
        do throws(ModelError) {
            try store.checkpoint(classifier, idempotency, erasing: erasing)
        } catch {
            if store.isInPlace {
                // The new state is on disk; only a later step failed.
                publish(kind)
                throw error
            }
            do {
                try goBack(to: before, store)
            } catch let reason {
                store.stop("a change could not be stored, and the state before it could not be read: \(reason)")
                unknownState = store.failure
                var unknown = error
                unknown.mayHaveChanged = true
                throw unknown
            }
            throw error
        }
    }

    /// Restores the state before a failed change, or before a change whose durability is unknown: from the previous checkpoint, which still
    /// exists, and the logs. What files do not hold completely comes from memory.
    private func goBack(to before: Before, _ store: ModelStore) throws {
        let recovery = try ModelRecovery(model.name, store.directory, version: store.newestCheckpoint)
        let state = try recovery.recover(totalRows: recovery.verifyLogs().rows)
        guard state.classifier.version == before.version else {
            let reason = "the files lead to version \(state.classifier.version), expected \(before.version)"
            throw DamagedState(path: store.directory.path, reason: reason)
        }
        // Nothing is written if the state of the device is unknown.
        if store.failure == nil { try store.resume(state) }
        state.classifier.resume(before.history)
        classifier = state.classifier
        idempotency = before.idempotency
        settleReservation()
    }
}
