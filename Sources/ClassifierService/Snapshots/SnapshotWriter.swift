internal import AnalyticLearning
internal import HTTPServer
internal import LinearAlgebra
internal import Storage
internal import TensorFormats

/// Writes a model as safetensors (DESIGN, section 4) to an unnamed temporary file, some rows at a time.
///
/// The file is written at the speed of the page cache and streamed from there, so that a slow client holds up nothing.
struct SnapshotWriter {
    static let format = "accrue/1"
    private let classifier: Classifier

    /// A writer for a classifier, which must not change while it writes.
    init(_ classifier: Classifier) { self.classifier = classifier }

    /// Writes the snapshot.
    ///
    /// - Returns: the content of a response.
    /// - Throws: 507 where the file cannot be written.
    /// - Complexity: O(D²), with memory for 64 rows of the Gram matrix.
    func write(_ parts: SnapshotParts, directory: String) throws(Problem) -> FileBody {
        do {
            let layout = try layout(parts)
            let file = try SpoolFile(in: directory)
            var writer = SafetensorsWriter(layout) { (bytes: UnsafeRawBufferPointer) throws(StorageError) in try file.append(bytes) }
            if parts == .all {
                try classifier.withSquare { square in
                    try square.forEachPackedGram { try writer.append($0, to: "gram.packed_lower") }
                }
                try classifier.withCrossMoment { try append($0, "cross_moment", to: &writer) }
                try writer.append(classifier.counts.map(Int64.init), to: "class.count")
                try classifier.withMoments { moments in
                    // [C, d] row-major is what the columns of d×C are.
                    try moments.mean.withElements { try writer.append($0, to: "class.mean") }
                    try moments.m2.withElements { try writer.append($0, to: "class.m2") }
                }
            }
            try classifier.withWeights { try append($0, "weight", to: &writer) }
            if let projection = classifier.featureMap.projection {
                for input in 0..<projection.inputs { try writer.append(projection.row(input), to: "feature_map.projection") }
            }
            try writer.finish()
            return FileBody(descriptor: try file.duplicateDescriptor(), length: file.size)
        } catch {
            throw Problem(.insufficientStorage, "the snapshot could not be written: \(error)")
        }
    }

    private func layout(_ parts: SnapshotParts) throws -> SafetensorsLayout {
        let (dimension, width) = (classifier.configuration.dimension, classifier.configuration.width)
        let classes = classifier.registry.count
        var layout = SafetensorsLayout()
        try layout.addMetadata("format", Self.format)
        try layout.addMetadata("config", ConfigurationJSON.encode(classifier.configuration).description)
        try layout.addMetadata("labels", JSONValue.array(classifier.registry.labels.map(JSONValue.string)).description)
        try layout.addMetadata("samples", String(classifier.samples))
        try layout.addMetadata("version", String(classifier.version))
        if parts == .all {
            try layout.addTensor("gram.packed_lower", type: .f64, shape: [width * (width + 1) / 2])
            try layout.addTensor("cross_moment", type: .f64, shape: [width, classes])
            try layout.addTensor("class.count", type: .i64, shape: [classes])
            try layout.addTensor("class.mean", type: .f64, shape: [classes, dimension])
            try layout.addTensor("class.m2", type: .f64, shape: [classes, dimension])
        }
        try layout.addTensor("weight", type: .f64, shape: [width, classes])
        if classifier.featureMap.projection != nil {
            try layout.addTensor("feature_map.projection", type: .f32, shape: [dimension, width])
        }
        try layout.addChecksums()
        return layout
    }

    private func append(
        _ matrix: borrowing Matrix, _ name: String, to writer: inout SafetensorsWriter<StorageError>
    ) throws(SafetensorsWritingError<StorageError>) {
        var rows: [Double] = []
        let height = 256
        for first in stride(from: 0, to: matrix.rows, by: height) {
            matrix.copyRowMajor(rows: first..<min(first + height, matrix.rows), into: &rows)
            try writer.append(rows, to: name)
        }
    }
}
