internal import AnalyticLearning
internal import Concurrency
internal import LinearAlgebra
internal import Storage
internal import TensorFormats

/// Writes a model as safetensors (the page On disk of this target) to an unnamed temporary file, some rows at a time.
///
/// The file is written at the speed of the page cache and streamed from there, so that a slow client delays nothing else.
struct SnapshotWriter {
    private typealias Writer = SafetensorsWriter<StorageError>

    private let classifier: Classifier
    private let metadata: SnapshotMetadata
    private let evaluation: ProgressiveEvaluation.Counters
    /// The calibrations, and what the weights got right at each balance.
    private let calibration: [CalibrationTensors.Part]
    /// A checkpoint's table of requests; nil in a snapshot.
    private let idempotency: [UInt8]?

    /// Creates a writer for a classifier, which must not change until it is written.
    ///
    /// - Parameters:
    ///   - idempotency: in a checkpoint, the table of requests.
    ///   - erasure: in a checkpoint, what to remove once it is in place.
    init(_ classifier: Classifier, idempotency: [UInt8]? = nil, erasure: Erasure? = nil) {
        self.classifier = classifier
        self.idempotency = idempotency
        metadata = SnapshotMetadata(classifier, erasure: erasure)
        evaluation = classifier.evaluation.counters
        calibration = CalibrationTensors.parts(of: classifier) + CurveTensors.parts(of: classifier)
    }

    /// Writes the snapshot to a temporary file.
    ///
    /// - Throws: `outOfSpace` if the file cannot be written, `unavailable` if other snapshots take the room.
    /// - Complexity: O(D²), with memory for 64 rows of the Gram matrix.
    func write(_ parts: SnapshotParts, _ limits: SpoolLimits) throws(ModelError) -> Spool {
        let spool = try Spool(limits, for: .reading)
        try spool.share.take(size(parts))
        do {
            try write(parts) { (bytes) throws(StorageError) in try spool.file.append(bytes) }
            return spool
        } catch {
            throw Self.modelError(error)
        }
    }

    /// The snapshot's length in bytes, without writing it.
    func size(_ parts: SnapshotParts) throws(ModelError) -> Int {
        do { return try layout(parts).totalByteCount } catch { throw Self.modelError(error) }
    }

    private static func modelError(_ error: any Error) -> ModelError {
        ModelError(.outOfSpace, "the snapshot could not be written: \(error)")
    }

    /// Writes the snapshot to a sink.
    ///
    /// - Throws: the sink's error, or `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(D²), with memory for 64 rows of the Gram matrix.
    func write(_ parts: SnapshotParts, to sink: @escaping (UnsafeRawBufferPointer) throws(StorageError) -> Void) throws {
        var writer = Writer(try layout(parts), sink: sink)
        do {
            if parts == .all { try writeTruth(&writer) }
            if classifier.configuration.intercept {
                try append(classifier.foldedWeights(), "weight", to: &writer)
                try writer.append(classifier.intercepts, to: "weight.intercept")
            } else {
                try classifier.withWeights { try append($0, "weight", to: &writer) }
            }
            if let balanced = classifier.balanced {
                let name = balanced.rule == nil ? "weight.balanced" : DiscriminantTensors.weights
                try balanced.withWeights { try append($0, name, to: &writer) }
                if !balanced.intercepts.isEmpty { try writer.append(balanced.intercepts, to: "weight.balanced.intercept") }
                for part in balanced.rule.map(DiscriminantTensors.init)?.parts ?? [] { try writer.append(part.values, to: part.name) }
            }
            if let projection = classifier.featureMap.projection {
                for input in 0..<projection.inputs { try writer.append(projection.row(input), to: "feature_map.projection") }
            }
            if let phases = classifier.featureMap.phases { try writer.append(phases, to: "feature_map.phase") }
            if let idempotency { try writer.append(idempotency, to: SnapshotFile.tableName) }
            try writer.finish()
        } catch SafetensorsWritingError<StorageError>.sink(let error) {
            throw error
        }
    }

    /// Declares all tensors in writing order.
    private func layout(_ parts: SnapshotParts) throws -> SafetensorsLayout {
        let (dimension, width) = (classifier.configuration.dimension, classifier.configuration.width)
        let classes = classifier.registry.count
        let triangle = width * (width + 1) / 2
        var layout = SafetensorsLayout()
        try metadata.add(to: &layout)
        if parts == .all {
            try layout.addTensor("gram.packed_lower", type: .f64, shape: [triangle])
            try layout.addTensor("cross_moment", type: .f64, shape: [width, classes])
            if classifier.configuration.intercept { try layout.addTensor("row_sum", type: .f64, shape: [width]) }
            try layout.addTensor("class.count", type: .i64, shape: [classes])
            try layout.addTensor("class.mean", type: .f64, shape: [classes, dimension])
            try layout.addTensor("class.m2", type: .f64, shape: [classes, dimension])
            if classifier.hasMomentErrors { try layout.addTensor("class.m2.error", type: .f64, shape: [classes, dimension]) }
            switch classifier.configuration.sketchRank {
            case .rows(0): break
            case .rows:
                let rows = (0..<classes).reduce(0) { $0 + (classifier.sketchSize(of: $1)?.rows ?? 0) }
                try layout.addTensor("class.sketch.rows", type: .i64, shape: [classes])
                try layout.addTensor("class.sketch.shrunk", type: .f64, shape: [classes])
                try layout.addTensor("class.sketch", type: .f64, shape: [rows, width])
            case .exact: try layout.addTensor("class.gram.packed_lower", type: .f64, shape: [classes, triangle])
            }
            for (name, values, columns) in evaluationTensors {
                try layout.addTensor(name, type: .i64, shape: [values.count / columns, columns])
            }
            for part in calibration { try layout.addTensor(part.name, type: .f64, shape: part.shape) }
        }
        try layout.addTensor("weight", type: .f64, shape: [width, classes])
        if classifier.configuration.intercept { try layout.addTensor("weight.intercept", type: .f64, shape: [classes]) }
        if let balanced = classifier.balanced {
            let name = balanced.rule == nil ? "weight.balanced" : DiscriminantTensors.weights
            try layout.addTensor(name, type: .f64, shape: [width, balanced.rule?.productCount ?? balanced.classCount])
            let intercepts = balanced.intercepts.count
            if intercepts > 0 { try layout.addTensor("weight.balanced.intercept", type: .f64, shape: [intercepts]) }
            for part in balanced.rule.map(DiscriminantTensors.init)?.parts ?? [] {
                try layout.addTensor(part.name, type: .f64, shape: part.shape)
            }
        }
        if let projection = classifier.featureMap.projection {
            try layout.addTensor("feature_map.projection", type: .f32, shape: [projection.inputs, projection.outputs])
        }
        if let phases = classifier.featureMap.phases { try layout.addTensor("feature_map.phase", type: .f32, shape: [phases.count]) }
        if let idempotency { try layout.addTensor(SnapshotFile.tableName, type: .u8, shape: [idempotency.count]) }
        try layout.addChecksums()
        return layout
    }

    private func writeTruth(_ writer: inout Writer) throws {
        try classifier.withSquare { square in
            try square.forEachPackedGram { try writer.append($0, to: "gram.packed_lower") }
        }
        try classifier.withCrossMoment { try append($0, "cross_moment", to: &writer) }
        if classifier.configuration.intercept {
            try classifier.withRowSum { sum in try sum.withElements { try writer.append($0, to: "row_sum") } }
        }
        try writer.append(classifier.counts.map(Int64.init), to: "class.count")
        try classifier.withMoments { moments in
            // Row-major [C, d] has the layout of a column-major d×C matrix.
            try moments.mean.withElements { try writer.append($0, to: "class.mean") }
            try moments.m2.withElements { try writer.append($0, to: "class.m2") }
            guard classifier.hasMomentErrors else { return }
            let none = [Double](repeating: 0, count: moments.mean.rows)
            for errors in moments.errors { try writer.append(errors.isEmpty ? none : errors, to: "class.m2.error") }
        }
        switch classifier.configuration.sketchRank {
        case .rows(0): break
        case .rows:
            let sizes = (0..<classifier.registry.count).compactMap(classifier.sketchSize(of:))
            try writer.append(sizes.map { Int64($0.rows) }, to: "class.sketch.rows")
            try writer.append(sizes.map(\.shrunk), to: "class.sketch.shrunk")
            try classifier.forEachSketch { _, rows in try writer.append(rows, to: "class.sketch") }
        case .exact:
            for column in 0..<classifier.registry.count {
                try classifier.forEachPackedGram(ofClass: column) { try writer.append($0, to: "class.gram.packed_lower") }
            }
        }
        for (name, values, _) in evaluationTensors { try writer.append(values.map(Int64.init), to: name) }
        for part in calibration { try writer.append(part.values, to: part.name) }
    }

    /// The evaluation's counters with the number of columns of each.
    private var evaluationTensors: [(name: String, values: [Int], columns: Int)] {
        [
            ("evaluation.summary", [evaluation.windowCapacity, evaluation.evaluatedSamples, evaluation.correctSamples], 3),
            ("evaluation.class", zip(evaluation.classEvaluated, evaluation.classCorrect).flatMap { [$0, $1] }, 2),
            ("evaluation.confusion", evaluation.confusions, 3), ("evaluation.window", evaluation.window, 2),
            ("evaluation.history", evaluation.history, 5),
        ]
    }

    private func append(
        _ matrix: borrowing Matrix, _ name: String, to writer: inout Writer
    ) throws(SafetensorsWritingError<StorageError>) {
        var rows: [Double] = []
        let height = 256
        for first in stride(from: 0, to: matrix.rows, by: height) {
            matrix.copyRowMajor(rows: first..<min(first + height, matrix.rows), into: &rows)
            try writer.append(rows, to: name)
        }
    }
}

/// Which parts of a model a snapshot contains.
package enum SnapshotParts: Sendable {
    /// All parts: restoring them gives the same model.
    case all
    /// The parts needed for prediction: Ω and the weights.
    case weights
}
