internal import AnalyticLearning
internal import LinearAlgebra
internal import Storage
internal import TensorFormats

/// Rebuilds a model's state from its newest checkpoint and the logs that follow it.
package struct ModelRecovery: Sendable {
    let name: String
    let directory: ModelDirectory
    let version: Int
    let snapshot: SnapshotFile

    /// A recovered state.
    struct State {
        var classifier: Classifier
        var table: IdempotencyTable
        /// Read to its end; ready to be continued.
        var chain: LogChain
        /// When the first record of the logs was written, in seconds since 1970.
        var oldestTime: Int?
        /// Classes whose label differs from the files. No row may be logged under the new label before a checkpoint has it too.
        var renamed: [LabelRepair.Change]
    }

    /// Values gathered before a product: the more at once, the closer to the speed of one product.
    private static let pieceValues = 2 << 20

    /// Finds the newest checkpoint, or the one of a version, and verifies its checksums.
    ///
    /// - Throws: `StorageError` or `DamagedState`.
    init(_ name: String, _ directory: ModelDirectory, version: Int? = nil) throws {
        guard let version = try version ?? directory.checkpoints().last else {
            throw DamagedState(path: directory.path, reason: "there is no checkpoint")
        }
        self.name = name
        self.directory = directory
        self.version = version
        snapshot = try CheckpointFile.open(directory, version: version)
    }

    /// What the logs after the checkpoint hold.
    struct Logged {
        var rows = 0
        var changes = 0
        /// The model's configuration after them.
        var configuration: ModelConfiguration

        var isEmpty: Bool { rows == 0 && changes == 0 }
    }

    /// Reads all records after the checkpoint without applying them.
    ///
    /// - Throws: `StorageError` that names file and offset of damage.
    func verifyLogs() throws(StorageError) -> Logged {
        var logged = Logged(configuration: snapshot.configuration)
        let chain = try LogChain(directory, after: version)
        var features: [Double] = []
        while let record = try LoggedRecord.next(chain, dimension: snapshot.configuration.dimension, features: &features) {
            if case .rows(let requests) = record.content {
                try chain.chooseScale(&logged.configuration, requests, features: features[...])
            }
            logged.rows += record.rowCount
            features.removeAll(keepingCapacity: true)
            guard case .change(let change) = record.content else { continue }
            logged.changes += 1
            guard case .settings(let patch) = change else { continue }
            try chain.check(change, ClassRegistry(), logged.configuration)
            patch.apply(to: &logged.configuration)
        }
        return logged
    }

    /// What is known of the checkpoint on disk.
    var checkpoint: FileActivity.Checkpoint {
        FileActivity.Checkpoint(version: version, time: CheckpointFile.modificationTime(directory, version: version))
    }

    /// The checkpoint's weights, which predict before the state has been computed.
    ///
    /// Only for a model with nothing in its logs: from a checkpoint before acknowledged rows or changes, versions would go back.
    ///
    /// - Returns: nil if only `recover` can decide which weights or labels are right.
    /// - Throws: what `recover` will throw too.
    /// - Complexity: reads the file once; see `PublishedWeights.stored`.
    func storedWeights() throws -> PublishedWeights? {
        guard snapshot.metadata.storedLabels == nil else { return nil }
        return try snapshot.withSavedState { try PublishedWeights.stored(in: $0) }
    }

    /// Computes the state.
    ///
    /// - Parameters:
    ///   - totalRows: the number of rows in the logs, as counted by `verifyLogs`.
    ///   - published: the checkpoint's weights, if they predict already.
    ///   - reserve: reserves memory for a configuration with a total number of classes, or throws.
    ///   - progress: receives the number of rows replayed so far.
    /// - Throws: `StorageError`, `DamagedState`, `ModelError` or `LinearAlgebraError`.
    /// - Complexity: D²n + 2D³ multiply-adds for n logged rows.
    func recover(
        totalRows: Int, sharing published: PublishedWeights? = nil,
        reserve: (_ configuration: ModelConfiguration, _ classes: Int) throws(ModelError) -> Void = { _, _ in },
        progress: (_ rows: Int) -> Void = { _ in }
    ) throws -> State {
        let path = directory.checkpointPath(version)
        var labels = try StoredLabels(self)
        let classifier = try restore(path, labels.labels, sharing: published)
        classifier.beginReplay(rows: totalRows)
        var table = try CheckpointFile.table(of: snapshot, path: path, model: name)
        let chain = try LogChain(directory, after: version)
        var features: [Double] = []
        var columns: [Int] = []
        var spans: [RequestSpan] = []
        var rows = 0
        var oldestTime: Int?
        func apply() throws(LinearAlgebraError) {
            guard !columns.isEmpty else { return }
            try features.withUnsafeBufferPointer { (buffer) throws(LinearAlgebraError) in
                try classifier.replay(features: buffer, columns: columns, spans: spans)
            }
            features.removeAll(keepingCapacity: true)
            columns.removeAll(keepingCapacity: true)
            spans.removeAll(keepingCapacity: true)
            progress(rows)
        }
        while let record = try LoggedRecord.next(chain, dimension: classifier.configuration.dimension, features: &features) {
            oldestTime = oldestTime ?? record.time
            guard record.rowCount <= Classifier.maximumCount - snapshot.metadata.samples - rows, chain.version <= Classifier.maximumCount
            else {
                throw chain.contentError("with it, the model would have more samples or versions than can be counted")
            }
            if case .change(let change) = record.content {
                // Rows before it belong to the classes before it.
                try apply()
                try chain.check(change, classifier.registry, classifier.configuration)
                try change.apply(to: classifier)
                try reserve(classifier.configuration, classifier.registry.count)
            }
            guard case .rows(let requests) = record.content else { continue }
            if classifier.configuration.needsScale {
                // It is the first record with rows: none was gathered before.
                try chain.checkScale { () throws(ScaleError) in
                    try LoggedRecord.withFirst(requests, features[...], dimension: snapshot.configuration.dimension) {
                        (rows) throws(ScaleError) in try classifier.chooseScale(for: rows)
                    }
                }
            }
            for request in requests {
                let known = classifier.registry.count
                columns += classifier.intern(try labels.labels(of: request.labels))
                if classifier.registry.count > known {
                    try reserve(classifier.configuration, classifier.registry.count)
                }
                spans.append(RequestSpan(rows: request.rows, knownClasses: known))
                rows += request.rows
                guard let identity = request.identity else { continue }
                // The accuracy before these rows is no longer known.
                let answer = LearnAnswer(
                    model: name, version: chain.version, rows: request.rows, samples: snapshot.metadata.samples + rows,
                    classes: classifier.registry.count, newClasses: [], accuracyBefore: nil)
                let newClasses = AnsweredClasses(known..<classifier.registry.count, of: classifier.registry)
                table.remember(identity, .learn(answer, newClasses: newClasses), time: record.time)
            }
            if features.count >= Self.pieceValues { try apply() }
        }
        try apply()
        classifier.finishReplay(version: chain.version)
        return State(classifier: classifier, table: table, chain: chain, oldestTime: oldestTime, renamed: labels.changes)
    }

    /// The checkpoint's state.
    private func restore(_ path: String, _ labels: [Label], sharing published: PublishedWeights?) throws -> Classifier {
        do {
            return try snapshot.restore(labels: labels, sharing: published, solvingAnew: true)
        } catch let error as StorageError {
            throw error
        } catch LinearAlgebraError.outOfMemory(let bytes) {
            throw LinearAlgebraError.outOfMemory(bytes: bytes)
        } catch {
            throw DamagedState(path: path, reason: SnapshotFile.modelError(error).detail)
        }
    }

    /// Removes files that the checkpoint made superfluous, in case the process that wrote it stopped before doing so; `chain.continue` has
    /// synced its name.
    ///
    /// - Throws: `StorageError` if files with unlearned rows remain; other remaining files do no harm.
    func removeSuperfluous(_ log: Log) throws(StorageError) {
        do throws(StorageError) {
            let erasure = snapshot.metadata.erasure ?? Erasure(version: 0)
            try erasure.finish(in: directory, newest: version)
        } catch {
            guard snapshot.metadata.erasure == nil else { throw error }
            log.error("old files could not be removed", ["model": name, "reason": "\(error)"])
        }
    }
}
