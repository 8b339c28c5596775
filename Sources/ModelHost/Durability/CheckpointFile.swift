internal import AnalyticLearning
internal import Glibc
internal import Storage
internal import TensorFormats

/// A checkpoint: a whole snapshot (the page On disk of this target) with the idempotency table.
enum CheckpointFile {
    /// Writes a checkpoint and flushes it to the system.
    ///
    /// - Parameter erasure: what to remove once the checkpoint is in place.
    /// - Throws: `ModelError` or `StorageError`.
    /// - Complexity: O(D²), at the speed of memory.
    static func write(
        _ classifier: Classifier, _ table: IdempotencyTable, erasing erasure: Erasure? = nil, to writer: CheckpointWriter
    ) throws {
        _ = try classifier.prepareToSave()
        let snapshot = SnapshotWriter(classifier, idempotency: table.encoded(classifier.registry), erasure: erasure)
        try snapshot.write(.all) { (bytes) throws(StorageError) in try writer.append(bytes) }
        try writer.flush()
    }

    /// Opens a checkpoint and verifies everything that needs no model: format, names, shapes, checksums.
    ///
    /// - Throws: `DamagedState` that names the file.
    static func open(_ directory: ModelDirectory, version: Int) throws -> SnapshotFile {
        let path = directory.checkpointPath(version)
        let snapshot: SnapshotFile
        do {
            let file = try directory.openCheckpoint(version)
            let (size, identity) = (try file.size(), try file.identity())
            // With thousands of models, none keeps a file open between its verification and its turn.
            snapshot = try SnapshotFile(isCheckpoint: true) { () throws(StorageError) in
                try directory.openCheckpoint(version, as: identity).map(count: size)
            }
        } catch let error as ModelError {
            throw DamagedState(path: path, reason: error.detail)
        }
        guard snapshot.metadata.version == version else {
            throw DamagedState(path: path, reason: "it holds version \(snapshot.metadata.version), expected \(version)")
        }
        return snapshot
    }

    /// When a checkpoint was written, in seconds since 1970; nil if the system does not say.
    static func modificationTime(_ directory: ModelDirectory, version: Int) -> Double? {
        var status = stat()
        guard stat(directory.checkpointPath(version), &status) == 0 else { return nil }
        return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
    }

    /// A checkpoint's idempotency table.
    static func table(of snapshot: SnapshotFile, path: String, model: String) throws -> IdempotencyTable {
        let table = try snapshot.withReader { reader -> IdempotencyTable? in
            guard let tensor = reader.tensor(named: SnapshotFile.tableName) else { return IdempotencyTable() }
            return IdempotencyTable(reader.bytes(of: tensor), model: model)
        }
        guard let table else { throw DamagedState(path: path, reason: "the tensor \(SnapshotFile.tableName) is not a table of requests") }
        return table
    }
}
