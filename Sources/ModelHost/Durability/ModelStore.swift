internal import AnalyticLearning
internal import Concurrency
internal import Storage

/// The files of one model, used by its worker.
///
/// The worker logs a block before learning it, and a small change before making it; it writes a checkpoint before publishing any other
/// change. The store belongs to the worker's thread.
final class ModelStore {
    let name: String
    private let observer: StoreObserver
    let store: DataStore
    private(set) var directory: ModelDirectory
    private(set) var log: WriteAheadLog
    /// Why nothing can be stored any more.
    private(set) var failure: String?
    private var record = LogRecord()
    private var pending: PendingCheckpoint?
    private var begun: PendingAppend?
    private var schedule: CheckpointSchedule
    /// The version of the newest checkpoint known to be in place.
    private(set) var newestCheckpoint: Int
    /// Whether the last `checkpoint` put its state in place, even if a later step failed.
    private(set) var isInPlace = false
    /// What must still be removed; every checkpoint records it until it is done.
    private var erasure: Erasure?
    /// When the removal is retried.
    private var erasureTime = 0.0

    /// The files of a recovered model.
    init(_ observer: StoreObserver, store: DataStore, recovery: ModelRecovery, state: ModelRecovery.State, log: WriteAheadLog) {
        name = recovery.name
        self.observer = observer
        self.store = store
        self.log = log
        directory = recovery.directory
        newestCheckpoint = recovery.version
        schedule = Self.schedule(of: state, store.settings)
    }

    /// Creates the files of a new model, all or none.
    init(_ name: String, _ observer: StoreObserver, store: DataStore, classifier: Classifier) throws {
        self.name = name
        self.observer = observer
        self.store = store
        let made = try store.data.makeModel(name)
        let checkpoint: FileActivity.Checkpoint
        do {
            let start = MonotonicClock.now
            let writer = try made.beginCheckpoint(version: classifier.version)
            try CheckpointFile.write(classifier, IdempotencyTable(), to: writer)
            try writer.commit()
            checkpoint = FileActivity.Checkpoint(writer, since: start)
            log = try made.createLog(version: classifier.version)
        } catch {
            store.data.discard(made)
            throw error
        }
        directory = try store.data.add(made, name)
        log.move(to: directory.logPath(log.baseVersion))
        newestCheckpoint = classifier.version
        schedule = CheckpointSchedule(store.settings)
        observer.activity.withLock { $0 = FileActivity(checkpoint: checkpoint, checkpoints: 1) }
    }

    // MARK: Learning

    /// Logs a block of requests; when this returns, they are on the device.
    ///
    /// - Throws: `outOfSpace` or `unavailable`; then nothing may be learned.
    func append(_ requests: [LearnRows], time: Int, version: Int) throws(ModelError) {
        try requireUsable()
        LearnRecord.encode(requests, time: time, to: &record)
        try append(version, .rows)
    }

    /// Logs a change; when this returns, it is on the device.
    ///
    /// - Throws: `outOfSpace` or `unavailable`; then nothing may be changed.
    func append(_ change: LoggedChange, dimension: Int, time: Int, version: Int) throws(ModelError) {
        try requireUsable()
        ChangeRecord.encode(change, dimension: dimension, time: time, to: &record)
        try append(version, .change)
    }

    /// Whether the log may hold a change; if not, a checkpoint must, and the log that follows it may.
    func logs(_ change: LoggedChange) -> Bool { log.format >= change.oldestFormat }

    private func append(_ version: Int, _ subject: Subject) throws(ModelError) {
        let start = MonotonicClock.nanoseconds
        do throws(StorageError) {
            try log.append(&record, version: version)
        } catch {
            throw modelError(logging: subject, error)
        }
        noteAppend(nanoseconds: MonotonicClock.nanoseconds - start)
    }

    /// Counts a record that is on the device.
    private func noteAppend(nanoseconds: Int64) {
        let bytes = record.count
        schedule.add(bytes: bytes, at: MonotonicClock.now)
        observer.update {
            $0.logBytes += bytes
            $0.appends.add(nanoseconds: nanoseconds)
        }
    }

    /// Begins to log a block of requests: another thread waits for the device. Before the block changes anything, `finishAppend` must say
    /// that it is there; until then nothing else here may be called.
    ///
    /// - Throws: as `append`.
    func beginAppend(_ requests: [LearnRows], time: Int, version: Int) throws(ModelError) {
        try requireUsable()
        LearnRecord.encode(requests, time: time, to: &record)
        let start = MonotonicClock.nanoseconds
        do throws(StorageError) {
            begun = PendingAppend(try log.write(&record, version: version), since: start, on: store.waiters)
        } catch {
            throw modelError(logging: .rows, error)
        }
    }

    /// Waits until the requests are on the device; does nothing if none are being logged.
    ///
    /// - Throws: as `append`.
    func finishAppend() throws(ModelError) {
        guard let begun else { return }
        self.begun = nil
        let (failure, nanoseconds) = begun.wait()
        do throws(StorageError) {
            try log.complete(begun.written, failure: failure)
        } catch {
            throw modelError(logging: .rows, error)
        }
        noteAppend(nanoseconds: nanoseconds)
    }

    /// Removes the log's last record because it could not be learned or made.
    ///
    /// - Throws: `unavailable` if it is unknown whether the next start will learn or make it.
    func takeBack() throws(ModelError) {
        guard log.removeLast() else {
            let reason = "what was logged, but then did not fit in memory, could not be removed from \(log.path)"
            stop(reason)
            throw outcomeUnknown(reason)
        }
        schedule.remove(bytes: record.count)
        let bytes = record.count
        observer.update { $0.logBytes -= bytes }
    }

    /// Syncs the rows that a log was found to end with; answers about them may be sent after this.
    ///
    /// - Throws: `outOfSpace` or `unavailable`.
    func prove() throws(ModelError) {
        do throws(StorageError) {
            try log.prove()
        } catch {
            guard log.isUsable, error.isOutOfSpace else { throw modelError(logging: .rows, error) }
            throw ModelError(
                .outOfSpace, "whether these rows are stored is unknown until there is room: \(error)", retryAfter: 10,
                mayHaveChanged: true)
        }
    }

    /// Throws if the files no longer belong to the model: the log was removed, or a directory above it was removed, moved or replaced.
    /// Learning then stops for good, because nothing can be stored.
    ///
    /// - Throws: `unavailable`.
    func requireInPlace() throws(ModelError) {
        try requireUsable()
        do throws(StorageError) {
            try log.requireInPlace()
        } catch {
            stop("\(error)")
            try requireUsable()
        }
    }

    /// Stops learning after a permanent error.
    private func note(_ error: any Error) {
        if !log.isUsable || (error as? StorageError)?.isOutOfPlace == true { stop("\(error)") }
    }

    /// Throws if nothing can be stored any more.
    func requireUsable() throws(ModelError) {
        guard let failure else { return }
        throw ModelError(
            .unavailable,
            "the model \"\(name)\" has stopped learning, but still predicts: \(failure); check the disk, then restart the server")
    }

    /// Stops learning for good. The server is not ready from then on.
    func stop(_ reason: String) {
        failure = failure ?? reason
        observer.hasStopped(reason)
        store.log.error("learning has stopped; predictions continue", ["model": name, "reason": reason])
    }

    // MARK: Checkpoints

    /// When the worker must check again if no job arrives earlier. The end of a checkpoint wakes it.
    var wakeUp: Double? {
        guard failure == nil, pending == nil else { return nil }
        return [schedule.wakeUp, erasure == nil ? nil : erasureTime].compactMap { $0 }.min()
    }

    /// Starts a checkpoint if one is due: the worker hands the state to the system, and another thread syncs it.
    func startCheckpointIfDue(_ classifier: Classifier, _ table: IdempotencyTable) {
        if let pending {
            guard pending.isFinished else { return }
            endPending()
        }
        let now = MonotonicClock.now
        guard failure == nil else { return }
        // The failure has been logged; the error is for a caller that asks with the key.
        if erasure != nil, now >= erasureTime { _ = try? finishErasure() }
        guard schedule.isDue(at: now) else { return }
        do {
            let covered = observer.activity.withLock { $0?.logBytes ?? 0 }
            let owed = erasure
            let writer = try begin(classifier, table, erasing: owed)
            let begun = PendingCheckpoint(version: writer.version)
            pending = begun
            let finish: @Sendable () -> Void = { [name, directory, store, observer] in
                var isInPlace = false
                do throws(StorageError) {
                    try writer.commit()
                    isInPlace = true
                    try directory.prune(before: writer.version, keeping: store.settings.keptCheckpoints, erasing: owed?.version)
                    observer.note(FileActivity.Checkpoint(writer, since: now), covering: covered)
                    begun.finish(nil, isInPlace: true)
                } catch {
                    store.log.error("a checkpoint failed; the logs are kept", ["model": name, "reason": "\(error)"])
                    observer.update { $0.checkpointFailures += 1 }
                    begun.finish(error, isInPlace: isInPlace)
                }
                observer.wake()
            }
            if !store.pool.run(.writing, finish) { finish() }
        } catch {
            store.log.error("a checkpoint could not be written; the log is kept", ["model": name, "reason": "\(error)"])
            note(error)
            noteFailedCheckpoint()
        }
    }

    /// Waits for the checkpoint under way, if any, and records its outcome.
    private func endPending() {
        guard let pending else { return }
        self.pending = nil
        let (error, isInPlace) = pending.wait()
        if isInPlace { newestCheckpoint = pending.version }
        // Logs that could not be removed still hold their rows, as if the checkpoint did not exist.
        if let error {
            note(error)
            return schedule.fail(at: MonotonicClock.now)
        }
        schedule.succeed()
        erasure = nil
    }

    private func noteFailedCheckpoint() {
        schedule.fail(at: MonotonicClock.now)
        observer.update { $0.checkpointFailures += 1 }
    }

    /// Stores the current state, for changes that no record can hold.
    ///
    /// - Parameter erasing: whether older checkpoints must be removed because they contain rows that the state no longer has.
    /// - Throws: `outOfSpace` or `unavailable`. The old state is then on disk, unless `failure` is set or `isInPlace`.
    func checkpoint(_ classifier: Classifier, _ table: IdempotencyTable, erasing: Bool) throws(ModelError) {
        isInPlace = false
        try requireUsable()
        endPending()
        let old = log
        let owed = erasing ? Erasure(version: classifier.version) : erasure
        let start = MonotonicClock.now
        let covered = observer.activity.withLock { $0?.logBytes ?? 0 }
        let writer: CheckpointWriter
        do {
            writer = try begin(classifier, table, erasing: owed)
        } catch {
            note(error)
            noteFailedCheckpoint()
            try requireUsable()
            throw Self.modelError("nothing was changed", error)
        }
        do throws(StorageError) {
            try writer.commit()
        } catch {
            noteFailedCheckpoint()
            guard !writer.isRenamed else {
                stop("\(error)")
                throw ModelError(
                    .unavailable,
                    "the outcome is unknown: \(error); the model \"\(name)\" accepts no changes until the server restarts",
                    mayHaveChanged: true)
            }
            log = old
            note(error)
            try requireUsable()
            throw Self.modelError("nothing was changed", error)
        }
        schedule.succeed()
        isInPlace = true
        newestCheckpoint = writer.version
        erasure = owed
        observer.note(FileActivity.Checkpoint(writer, since: start), covering: covered)
        do throws(StorageError) {
            let kept = store.settings.keptCheckpoints
            try directory.prune(before: writer.version, keeping: kept, erasing: owed?.version)
            erasure = nil
        } catch {
            erasureTime = MonotonicClock.now + CheckpointSchedule.pause
            store.log.error("old files could not be removed", ["model": name, "reason": "\(error)"])
            if erasing { throw Self.rowsLeft(error) }
        }
    }

    /// Completes a pending removal of files, before rows are again reported as unlearned.
    ///
    /// - Throws: `internal` if the files still exist.
    func finishErasure() throws(ModelError) {
        endPending()
        guard let erasure else { return }
        do throws(StorageError) {
            try log.requireInPlace()
            try erasure.finish(in: directory, newest: newestCheckpoint)
            self.erasure = nil
        } catch {
            note(error)
            erasureTime = MonotonicClock.now + CheckpointSchedule.pause
            store.log.error("old files could not be removed", ["model": name, "reason": "\(error)"])
            throw Self.rowsLeft(error)
        }
    }

    /// Writes the state to a temporary file and starts the log that follows it.
    private func begin(_ classifier: Classifier, _ table: IdempotencyTable, erasing erasure: Erasure?) throws -> CheckpointWriter {
        // Check before writing: the directory may no longer be this model's.
        try log.requireInPlace()
        let writer = try directory.beginCheckpoint(version: classifier.version)
        try CheckpointFile.write(classifier, table, erasing: erasure, to: writer)
        // An empty log that continues this version can be kept.
        if log.baseVersion != classifier.version { log = try directory.createLog(version: classifier.version, after: log) }
        schedule.begin(bytes: writer.size)
        return writer
    }

    /// Continues the log of the state recovered after a failed change.
    func resume(_ state: ModelRecovery.State) throws(StorageError) {
        log = try state.chain.continue()
        schedule = Self.schedule(of: state, store.settings)
    }

    /// The schedule for records found in logs. Their age counts from when they were written, however often the server has restarted since.
    private static func schedule(of state: ModelRecovery.State, _ settings: DurabilityConfiguration) -> CheckpointSchedule {
        var schedule = CheckpointSchedule(settings)
        if let time = state.oldestTime {
            schedule.add(bytes: state.chain.bytesRead, at: MonotonicClock.now - max(0, WallClock.now - Double(time)))
        }
        return schedule
    }

    // MARK: The end

    /// Writes the last checkpoint, so that the next start has nothing to replay. If it fails, everything is still in the log.
    func close(_ classifier: Classifier, _ table: IdempotencyTable) {
        endPending()
        guard failure == nil else { return }
        do throws(ModelError) {
            if schedule.hasRecords { try checkpoint(classifier, table, erasing: false) } else { try finishErasure() }
        } catch {
            store.log.warning("no checkpoint at shutdown; the next start replays the log", ["model": name, "reason": error.detail])
        }
    }

    /// Deletes the model's files for good.
    ///
    /// - Throws: `outOfSpace` or `unavailable` if they could not be deleted: the model may return after a restart.
    func delete() throws(ModelError) {
        pending?.wait()
        do throws(StorageError) {
            // If the path leads elsewhere, the files there are not the model's.
            try log.requireInPlace()
            let deleted = try store.data.delete(name)
            if !store.pool.run(.writing, { deleted.removeFiles() }) { deleted.removeFiles() }
        } catch {
            store.log.error("a model could not be deleted from disk", ["model": name, "reason": "\(error)"])
            let detail = "the model is out of use, but its files could not be deleted: it may return after a restart: \(error)"
            throw ModelError(error.isOutOfSpace ? .outOfSpace : .unavailable, detail, mayHaveChanged: true)
        }
    }
}
