internal import AnalyticLearning
internal import TensorFormats

/// The tensors a whole snapshot must have, with their shapes.
struct SnapshotShapes {
    private let metadata: SnapshotMetadata

    init(_ metadata: SnapshotMetadata) { self.metadata = metadata }

    /// - Throws: `SafetensorsError` that names the tensor.
    func check(_ reader: SafetensorsReader) throws(SafetensorsError) {
        for (name, type, shape) in required { _ = try reader.requireTensor(named: name, types: [type], shape: shape) }
        // Those whose length depends on their content; their numbers are checked with it.
        for (name, columns) in [
            ("evaluation.summary", 3), ("evaluation.class", 2), ("evaluation.confusion", 3), ("evaluation.window", 2),
            ("evaluation.history", 5),
        ] {
            guard let tensor = reader.tensor(named: name) else { continue }
            let rows = name == "evaluation.summary" ? 1 : tensor.shape.first ?? 0
            _ = try reader.requireTensor(named: name, types: [.i64], shape: [rows, columns])
        }
        try CalibrationTensors.check(reader)
        if let sketch = reader.tensor(named: "class.sketch") {
            _ = try reader.requireTensor(named: sketch.name, types: [.f64], shape: [sketch.shape.first ?? 0, metadata.configuration.width])
        }
        if let balanced = reader.tensor(named: "weight.balanced") {
            let classes = min(balanced.shape.last ?? 0, metadata.labels.count)
            _ = try reader.requireTensor(named: balanced.name, types: [.f64], shape: [metadata.configuration.width, classes])
        }
    }

    private var required: [(String, TensorElementType, [Int])] {
        let (dimension, width) = (metadata.configuration.dimension, metadata.configuration.width)
        let classes = metadata.labels.count
        let triangle = width * (width + 1) / 2
        var tensors: [(String, TensorElementType, [Int])] = [
            ("gram.packed_lower", .f64, [triangle]), ("cross_moment", .f64, [width, classes]), ("class.count", .i64, [classes]),
            ("class.mean", .f64, [classes, dimension]), ("class.m2", .f64, [classes, dimension]), ("weight", .f64, [width, classes]),
        ]
        if metadata.configuration.featureMap != .identity { tensors.append(("feature_map.projection", .f32, [dimension, width])) }
        switch metadata.configuration.sketchRank {
        case .rows(0): break
        case .rows: tensors += [("class.sketch.rows", .i64, [classes]), ("class.sketch.shrunk", .f64, [classes])]
        case .exact: tensors.append(("class.gram.packed_lower", .f64, [classes, triangle]))
        }
        return tensors
    }
}
