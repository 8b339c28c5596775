package import AnalyticLearning
internal import Concurrency
internal import LinearAlgebra
internal import Storage
internal import TensorFormats

/// A complete snapshot: its header, shapes and checksums are verified, its numbers not yet.
package final class SnapshotFile: Sendable {
    /// Name of a checkpoint's tensor with the remembered answers.
    static let tableName = "idempotency"

    /// Maps the file into memory; this closure keeps the file open.
    private let map: @Sendable () throws(StorageError) -> MappedBytes
    let metadata: SnapshotMetadata

    /// The model's configuration in the snapshot.
    package var configuration: ModelConfiguration { metadata.configuration }
    /// Labels in column order.
    package var labels: [Label] { metadata.labels }
    /// Memory taken by the labels, the only part of the file kept in memory.
    var labelBytes: Int { labels.reduce(0) { $0 + $1.heapBytes } }

    /// Verifies everything that needs no model: format, names, shapes, checksums.
    ///
    /// - Throws: `invalid` that names the tensor or the metadata key.
    /// - Complexity: reads the file once.
    package convenience init(_ spool: Spool) throws(ModelError) {
        try self.init { () throws(StorageError) in try spool.map() }
    }

    /// The same for a file that `map` maps.
    ///
    /// - Parameter isCheckpoint: as of `SnapshotMetadata.init`.
    init(isCheckpoint: Bool = false, _ map: @escaping @Sendable () throws(StorageError) -> MappedBytes) throws(ModelError) {
        var metadata: SnapshotMetadata?
        do {
            try map().withUnsafeBytes { bytes in
                let reader = try SafetensorsReader(bytes)
                let read = try SnapshotMetadata(reader, isCheckpoint: isCheckpoint)
                try SnapshotShapes(read).check(reader)
                try reader.verifyChecksums()
                metadata = read
            }
        } catch {
            throw Self.modelError(error)
        }
        self.metadata = metadata!
        self.map = map
    }

    /// The bytes that the restored model will take.
    ///
    /// - Throws: `impossible` if they cannot be counted.
    func requiredBytes(budget: MemoryBudget) throws(ModelError) -> Int {
        guard let bytes = configuration.estimatedBytes(classes: labels.count)?.addingReportingOverflow(labelBytes), !bytes.overflow else {
            throw .doesNotFit("the snapshot", bytes: nil, budget: budget)
        }
        return bytes.partialValue
    }

    /// Restores the model, with its weights bit for bit.
    ///
    /// - Parameters:
    ///   - current: the version of the model it replaces; versions never decrease.
    ///   - solvingAnew: as of `restore(solvingAnew:)`.
    /// - Throws: `RestoreError` or `LinearAlgebraError`.
    /// - Complexity: D³ multiply-adds.
    func restore(notBefore current: Int, solvingAnew: Bool = false) throws -> Classifier {
        let classifier = try restore(solvingAnew: solvingAnew)
        try classifier.advanceVersion(past: current)
        return classifier
    }

    /// Restores the model as it was saved, including its version.
    ///
    /// - Parameters:
    ///   - labels: the classes' labels, if they differ from the metadata.
    ///   - published: the file's weights, if they predict already.
    ///   - solvingAnew: whether weights that do not solve their equations are recomputed instead of refused: for files written by the
    ///     service itself, whose sums have been verified.
    /// - Throws: `RestoreError` or `LinearAlgebraError`.
    func restore(
        labels: [Label]? = nil, sharing published: PublishedWeights? = nil, solvingAnew: Bool = false
    ) throws -> Classifier {
        try withSavedState { state in
            var state = state
            if let labels { state.labels = labels }
            return try Classifier(restoring: state, sharing: published, solvingAnew: solvingAnew)
        }
    }

    /// Calls `body` with the file's reader.
    func withReader<R>(_ body: (SafetensorsReader) throws -> R) throws -> R {
        try map().withUnsafeBytes { try body(SafetensorsReader($0)) }
    }

    /// The hash of the whole file, to detect a repeated upload.
    ///
    /// - Throws: `outOfSpace` or `unavailable` if the file cannot be read.
    package func hash(seed: UInt64) throws(ModelError) -> UInt64 {
        do throws(StorageError) { return try map().withUnsafeBytes { StableHash.hash($0, seed: seed) } } catch {
            throw Self.modelError(error)
        }
    }

    /// Merges the snapshot's truth into a model.
    ///
    /// - Throws: `MergeError`; then nothing has changed.
    func merge(into classifier: Classifier) throws {
        _ = try withSavedState { try classifier.merge($0) }
    }

    /// Calls `body` with all parts of the state.
    ///
    /// - Throws: what `body` throws, `StorageError`, or an error that describes a wrong tensor.
    func withSavedState<R>(_ body: (SavedState) throws -> R) throws -> R {
        do {
            return try map().withUnsafeBytes { bytes in
                let reader = try SafetensorsReader(bytes)
                let doubles = reader.tensors.filter { $0.type == .f64 }
                return try reader.withTensors(doubles, as: Double.self) { elements in
                    let parts = Dictionary(uniqueKeysWithValues: zip(doubles.map(\.name), elements))
                    return try body(try state(reader, parts))
                }
            }
        } catch SafetensorsAccessError<any Error>.body(let cause) {
            throw cause
        }
    }

    private func state(_ reader: SafetensorsReader, _ parts: [String: UnsafeBufferPointer<Double>]) throws -> SavedState {
        func integers(_ name: String) throws -> [Int]? {
            try reader.tensor(named: name).map { try reader.array(of: $0, as: Int64.self).map { Int($0) } }
        }
        let none = UnsafeBufferPointer<Double>(start: nil, count: 0)
        var sketches = SavedSketches.none
        switch configuration.sketchRank {
        case .rows(0): break
        case .rows:
            sketches = .directions(
                rows: try integers("class.sketch.rows") ?? [], shrunk: Array(parts["class.sketch.shrunk"] ?? none),
                elements: parts["class.sketch"] ?? none)
        case .exact: sketches = .exact(parts["class.gram.packed_lower"] ?? none)
        }
        var saved = SavedState(
            configuration: configuration, labels: labels, counts: try integers("class.count") ?? [], samples: metadata.samples,
            version: metadata.version,
            projection: try reader.tensor(named: "feature_map.projection").map { try reader.array(of: $0, as: Float.self) },
            phases: try reader.tensor(named: "feature_map.phase").map { try reader.array(of: $0, as: Float.self) },
            gram: parts["gram.packed_lower"] ?? none, crossMoment: parts["cross_moment"] ?? none, mean: parts["class.mean"] ?? none,
            m2: parts["class.m2"] ?? none, weights: parts["weight"] ?? none, sketches: sketches,
            balancedWeights: parts["weight.balanced"], discriminant: DiscriminantTensors.saved(parts),
            balancedVersion: metadata.balancedVersion ?? 0, evaluation: try evaluation(integers),
            calibration: CalibrationTensors.state(.plain, parts), balancedCalibration: CalibrationTensors.state(.balanced, parts),
            novelty: CalibrationTensors.novelty(parts), sumError: metadata.sumError, momentErrors: parts["class.m2.error"])
        saved.rowSum = parts["row_sum"]
        saved.intercepts = parts["weight.intercept"].map(Array.init)
        saved.balancedIntercepts = parts["weight.balanced.intercept"].map(Array.init)
        saved.curve = CurveTensors.saved(.plain, parts)
        saved.balancedCurve = CurveTensors.saved(.balanced, parts)
        return saved
    }

    /// The evaluation, if the snapshot has one.
    private func evaluation(_ integers: (String) throws -> [Int]?) throws -> ProgressiveEvaluation? {
        guard let summary = try integers("evaluation.summary") else { return nil }
        let classes = try integers("evaluation.class") ?? []
        return try ProgressiveEvaluation(
            ProgressiveEvaluation.Counters(
                windowCapacity: summary[0], evaluatedSamples: summary[1], correctSamples: summary[2],
                classEvaluated: stride(from: 0, to: classes.count, by: 2).map { classes[$0] },
                classCorrect: stride(from: 1, to: classes.count, by: 2).map { classes[$0] },
                confusions: try integers("evaluation.confusion") ?? [], window: try integers("evaluation.window") ?? [],
                history: try integers("evaluation.history") ?? []))
    }

    /// Converts an error of restoring or merging for the caller.
    static func modelError(_ error: any Error) -> ModelError {
        switch error {
        case let error as ModelError: error
        case SafetensorsAccessError<any Error>.format(let inner): ModelError(.invalid, "the snapshot: \(inner)")
        case SafetensorsAccessError<any Error>.body(let inner): modelError(inner)
        case let error as SafetensorsError: ModelError(.invalid, "the snapshot: \(error)")
        case let error as RestoreError: ModelError(.invalid, "the snapshot: \(error.explanation)")
        case let error as MergeError: Self.modelError(merging: error)
        case let error as ConfigurationError: ModelError(.invalid, error.description)
        case LinearAlgebraError.outOfMemory(let bytes):
            ModelError(.outOfSpace, "not enough memory for a matrix of \(bytes) bytes")
        case LinearAlgebraError.notPositiveDefinite, LinearAlgebraError.eigensolverFailed:
            ModelError(.invalid, "the snapshot: gram.packed_lower is not a Gram matrix: its equation has no finite solution")
        case let error as StorageError: ModelError(error.isOutOfSpace ? .outOfSpace : .unavailable, "\(error)")
        case let error as DamagedState: ModelError(.internal, "\(error)")
        default: ModelError(.internal, "\(error)")
        }
    }

    private static func modelError(merging error: MergeError) -> ModelError {
        switch error {
        case .differs: ModelError(.conflict, "the snapshot cannot be merged: \(error)")
        case .state(let inner): modelError(inner)
        case .tooManyRows, .tooLarge: ModelError(.impossible, "the snapshot cannot be merged: \(error)")
        case .solver(let inner): modelError(inner)
        }
    }
}

extension RestoreError {
    /// The contradiction in words.
    var explanation: String {
        switch self {
        case .label(let label): "the label \"\(label.text.prefix(64))\" appears twice"
        case .size(let part, let count, let expected): "\(part) has \(count) values, expected \(expected)"
        case .value(let part, let index): "\(part)[\(index)] is not finite or out of range"
        case .residual(let residual):
            "weight does not solve (G + ridge·I)·W = Q: the relative residual is \(residual), expected at most 1e-6"
        }
    }
}
