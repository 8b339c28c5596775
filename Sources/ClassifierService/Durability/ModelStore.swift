internal import AnalyticLearning
internal import HTTPServer
internal import Storage

/// One model's files, for the worker that owns the model.
///
/// The worker logs a block before it learns it, and has every other change in a checkpoint before it shows it. It belongs to the worker's
/// thread.
final class ModelStore {
    private let model: Model
    let store: DataStore
    private(set) var directory: ModelDirectory
    private var log: WriteAheadLog
    /// Why nothing can be made to last any more.
    private(set) var failure: String?
    private var record = LogRecord()
    private var pending: PendingCheckpoint?
    /// Bytes logged since the last checkpoint was begun.
    private var loggedBytes: Int
    /// When the first row was logged that is in no checkpoint.
    private var oldestRow: Double?
    /// When a checkpoint that failed may be tried again.
    private var notBefore = 0.0
    /// What the last checkpoint took.
    private var checkpointBytes = 0
    /// The version of the newest checkpoint that `checkpoint` has put in place.
    private(set) var checkpointVersion = -1

    private var name: String { model.name }

    /// Seconds after which a checkpoint that failed is tried again.
    private static let pause = 30.0

    /// The files of a model that has been recovered.
    init(_ model: Model, store: DataStore, directory: ModelDirectory, log: WriteAheadLog) {
        self.model = model
        self.store = store
        self.directory = directory
        self.log = log
        loggedBytes = log.recordBytes
        oldestRow = loggedBytes > 0 ? MonotonicClock.now : nil
    }

    /// Makes the files of a new model: they are all there, or none.
    init(_ model: Model, store: DataStore, classifier: Classifier) throws {
        self.model = model
        self.store = store
        let name = model.name
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
        loggedBytes = 0
        model.activity.withLock { $0.files = FileActivity(checkpoint: checkpoint, checkpoints: 1) }
    }

    // MARK: Learning

    /// Logs a block of requests; when this returns they are on the device.
    ///
    /// - Throws: 507 or 503; nothing may be learned then.
    func append(_ jobs: [LearnJob], time: Int, version: Int) throws(Problem) {
        try requireUsable()
        LearnRecord.encode(jobs, time: time, to: &record)
        let start = MonotonicClock.now
        do throws(StorageError) {
            try log.append(&record, version: version)
        } catch {
            guard log.isUsable else {
                stop("\(error)")
                throw Problem(
                    .serviceUnavailable,
                    "the outcome is unknown: \(error); learning on model \"\(name)\" has stopped until the server is started again; then "
                        + "retry with the same Idempotency-Key")
            }
            store.log.error("rows could not be logged", ["model": name, "reason": "\(error)"])
            if error.isOutOfSpace {
                throw Problem(.insufficientStorage, "nothing was learned: \(error); learning goes on when there is room", retryAfter: 10)
            }
            throw Problem(.serviceUnavailable, "nothing was learned: \(error)", retryAfter: 1)
        }
        loggedBytes += record.count
        let (bytes, nanoseconds) = (record.count, Int64((MonotonicClock.now - start) * 1e9))
        model.activity.withLock {
            $0.files?.logBytes += bytes
            $0.files?.appends.add(nanoseconds: nanoseconds)
        }
        oldestRow = oldestRow ?? MonotonicClock.now
    }

    /// Takes back what was logged last, because it could not be learned.
    func takeBack() {
        guard log.removeLast() else {
            return stop("rows that were logged but could not be learned could not be taken back from \(log.path)")
        }
        loggedBytes -= record.count
        let bytes = record.count
        model.activity.withLock { $0.files?.logBytes -= bytes }
    }

    /// Refuses where nothing can be made to last any more.
    func requireUsable() throws(Problem) {
        guard let failure else { return }
        throw Problem(
            .serviceUnavailable,
            "learning on model \"\(name)\" has stopped, predictions go on: \(failure); look at the disk, then start the server again")
    }

    func stop(_ reason: String) {
        failure = failure ?? reason
        store.log.error("learning has stopped; predictions go on", ["model": name, "reason": reason])
    }

    // MARK: Checkpoints

    /// When the worker must look again, if no job comes before.
    var wakeUp: Double? {
        guard failure == nil else { return nil }
        if pending != nil { return MonotonicClock.now + 1 }
        return oldestRow.map { max(notBefore, $0 + store.settings.checkpointAge) }
    }

    /// Begins a checkpoint where there is reason to: the worker hands the state to the system, and another thread makes it last.
    func startCheckpointIfDue(_ classifier: Classifier, _ table: IdempotencyTable) {
        let now = MonotonicClock.now
        if let pending {
            guard pending.isFinished else { return }
            // The logs that it should have replaced hold rows still.
            if pending.wait() != nil { (oldestRow, notBefore) = (oldestRow ?? now, now + Self.pause) }
            self.pending = nil
        }
        guard failure == nil, let oldestRow else { return }
        // Where states are large, logs may be: a checkpoint should not write more than the log did.
        let isLarge = loggedBytes >= max(store.settings.checkpointLogBytes, checkpointBytes)
        guard now >= notBefore, isLarge || now >= oldestRow + store.settings.checkpointAge else { return }
        do {
            let covered = model.activity.withLock { $0.files?.logBytes ?? 0 }
            let writer = try begin(classifier, table)
            let begun = PendingCheckpoint(version: writer.version)
            pending = begun
            let finish: @Sendable () -> Void = { [directory, store, model] in
                do throws(StorageError) {
                    try writer.commit()
                    try directory.prune(before: writer.version, keeping: store.settings.keptCheckpoints)
                    model.note(FileActivity.Checkpoint(writer, since: now), covering: covered)
                    begun.finish(nil)
                } catch {
                    store.log.error("a checkpoint failed; the logs stay", ["model": model.name, "reason": "\(error)"])
                    model.activity.withLock { $0.files?.checkpointFailures += 1 }
                    begun.finish(error)
                }
            }
            if !store.pool.run(finish) { finish() }
        } catch {
            notBefore = now + Self.pause
            store.log.error("a checkpoint could not be made; the log stays", ["model": name, "reason": "\(error)"])
            model.activity.withLock { $0.files?.checkpointFailures += 1 }
        }
    }

    /// Makes the state last as it is: for changes that no log tells of.
    ///
    /// - Parameter erasing: whether older checkpoints must go too, because they know rows that the state no longer does.
    /// - Throws: 507 or 503. The old state is on disk then, unless `failure` is set.
    func checkpoint(_ classifier: Classifier, _ table: IdempotencyTable, erasing: Bool) throws(Problem) {
        try requireUsable()
        _ = pending?.wait()
        pending = nil
        let old = log
        let start = MonotonicClock.now
        let covered = model.activity.withLock { $0.files?.logBytes ?? 0 }
        let writer: CheckpointWriter
        do {
            writer = try begin(classifier, table)
        } catch {
            model.activity.withLock { $0.files?.checkpointFailures += 1 }
            throw Self.problem("nothing was changed", error)
        }
        do throws(StorageError) {
            try writer.commit()
        } catch {
            model.activity.withLock { $0.files?.checkpointFailures += 1 }
            guard !writer.isRenamed else {
                stop("\(error)")
                throw Problem(
                    .serviceUnavailable,
                    "the outcome is unknown: \(error); the model \"\(name)\" takes no changes until the server is started again")
            }
            log = old
            throw Self.problem("nothing was changed", error)
        }
        checkpointVersion = writer.version
        model.note(FileActivity.Checkpoint(writer, since: start), covering: covered)
        do throws(StorageError) {
            try directory.prune(before: writer.version, keeping: erasing ? 1 : store.settings.keptCheckpoints)
        } catch {
            store.log.error("old files could not be removed", ["model": name, "reason": "\(error)"])
            guard !erasing else {
                throw Problem(.internalServerError, "the rows are unlearned, but older files that hold them could not be removed: \(error)")
            }
        }
    }

    /// Writes the state to a temporary file and begins the log that follows it.
    private func begin(_ classifier: Classifier, _ table: IdempotencyTable) throws -> CheckpointWriter {
        let writer = try directory.beginCheckpoint(version: classifier.version)
        try CheckpointFile.write(classifier, table, to: writer)
        // A log without records, which leads on from this very version, does as it is.
        if log.baseVersion != classifier.version { log = try directory.createLog(version: classifier.version) }
        checkpointBytes = writer.size
        loggedBytes = 0
        oldestRow = nil
        return writer
    }

    /// Takes over the log of the state that was recovered after a change came to nothing.
    func resume(_ log: WriteAheadLog) {
        self.log = log
        loggedBytes = log.recordBytes
        oldestRow = loggedBytes > 0 ? MonotonicClock.now : nil
    }

    // MARK: The end

    /// The last checkpoint, so that the next start has nothing to replay. Where it fails, the log tells the rest.
    func close(_ classifier: Classifier, _ table: IdempotencyTable) {
        _ = pending?.wait()
        guard failure == nil, log.recordBytes > 0 || oldestRow != nil else { return }
        do throws(Problem) {
            try checkpoint(classifier, table, erasing: false)
        } catch {
            store.log.warning("no checkpoint at the end; the log will be replayed", ["model": name, "reason": error.detail])
        }
    }

    /// Deletes the model's files for good.
    ///
    /// - Returns: the answer.
    func delete() -> Response {
        _ = pending?.wait()
        do throws(StorageError) {
            let deleted = try store.data.delete(name)
            if !store.pool.run({ deleted.removeFiles() }) { deleted.removeFiles() }
            return Response(.noContent)
        } catch {
            store.log.error("a model could not be deleted from disk", ["model": name, "reason": "\(error)"])
            let detail = "the model is out of use, but its files could not be deleted, and it may be back after a restart: \(error)"
            return Problem(.insufficientStorage, detail).response
        }
    }

    private static func problem(_ what: String, _ error: any Error) -> Problem {
        if let problem = error as? Problem { return Problem(problem.status, "\(what): \(problem.detail)") }
        let isOutOfSpace = (error as? StorageError)?.isOutOfSpace ?? false
        return Problem(isOutOfSpace ? .insufficientStorage : .serviceUnavailable, "\(what): \(error)", retryAfter: 10)
    }
}
