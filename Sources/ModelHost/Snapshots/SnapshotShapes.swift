internal import AnalyticLearning
internal import TensorFormats

/// The tensors that a whole snapshot must have, with their shapes.
struct SnapshotShapes {
    private let metadata: SnapshotMetadata

    init(_ metadata: SnapshotMetadata) { self.metadata = metadata }

    /// Checks that all required tensors are present in their shapes, and that all others are known optional ones.
    ///
    /// - Throws: `SafetensorsError` that names the tensor.
    func check(_ reader: SafetensorsReader) throws(SafetensorsError) {
        let required = required
        for (name, type, shape) in required { _ = try reader.requireTensor(named: name, types: [type], shape: shape) }
        let known = Set(required.map(\.0) + optional)
        for tensor in reader.tensors where !known.contains(tensor.name) {
            throw SafetensorsError(.unknownTensor, tensor: String(tensor.name.prefix(160)), at: reader.fileOffset(of: tensor))
        }
        // Tensors whose length depends on their content; their numbers are checked with it.
        for (name, columns) in Self.evaluation {
            guard let tensor = reader.tensor(named: name) else { continue }
            let rows = name == "evaluation.summary" ? 1 : tensor.shape.first ?? 0
            _ = try reader.requireTensor(named: name, types: [.i64], shape: [rows, columns])
        }
        try CalibrationTensors.check(reader)
        try CurveTensors.check(reader)
        if let sketch = reader.tensor(named: "class.sketch") {
            _ = try reader.requireTensor(named: sketch.name, types: [.f64], shape: [sketch.shape.first ?? 0, metadata.configuration.width])
        }
        if let errors = reader.tensor(named: "class.m2.error") {
            let shape = [metadata.labels.count, metadata.configuration.dimension]
            _ = try reader.requireTensor(named: errors.name, types: [.f64], shape: shape)
        }
        try DiscriminantTensors.check(reader, width: metadata.configuration.width, classes: metadata.labels.count)
        if let balanced = reader.tensor(named: "weight.balanced") {
            let classes = min(balanced.shape.last ?? 0, metadata.labels.count)
            _ = try reader.requireTensor(named: balanced.name, types: [.f64], shape: [metadata.configuration.width, classes])
            if metadata.configuration.intercept {
                _ = try reader.requireTensor(named: "weight.balanced.intercept", types: [.f64], shape: [classes])
            }
        }
    }

    private static let evaluation = [
        ("evaluation.summary", 3), ("evaluation.class", 2), ("evaluation.confusion", 3), ("evaluation.window", 2),
        ("evaluation.history", 5),
    ]

    /// Names of the optional tensors. A checkpoint is a snapshot with a table of requests.
    private var optional: [String] {
        var names = Self.evaluation.map(\.0) + CalibrationTensors.names + CurveTensors.names + DiscriminantTensors.names
        names += ["class.m2.error", "weight.balanced", "weight.balanced.intercept", SnapshotFile.tableName, "crc32c"]
        if case .rows(1...) = metadata.configuration.sketchRank { names.append("class.sketch") }
        return names
    }

    private var required: [(String, TensorElementType, [Int])] {
        let (dimension, width) = (metadata.configuration.dimension, metadata.configuration.width)
        let classes = metadata.labels.count
        let triangle = width * (width + 1) / 2
        var tensors: [(String, TensorElementType, [Int])] = [
            ("gram.packed_lower", .f64, [triangle]), ("cross_moment", .f64, [width, classes]), ("class.count", .i64, [classes]),
            ("class.mean", .f64, [classes, dimension]), ("class.m2", .f64, [classes, dimension]), ("weight", .f64, [width, classes]),
        ]
        if let outputs = metadata.configuration.projectionWidth { tensors.append(("feature_map.projection", .f32, [dimension, outputs])) }
        let phases = metadata.configuration.phaseCount
        if phases > 0 { tensors.append(("feature_map.phase", .f32, [phases])) }
        if metadata.configuration.intercept { tensors += [("row_sum", .f64, [width]), ("weight.intercept", .f64, [classes])] }
        switch metadata.configuration.sketchRank {
        case .rows(0): break
        case .rows: tensors += [("class.sketch.rows", .i64, [classes]), ("class.sketch.shrunk", .f64, [classes])]
        case .exact: tensors.append(("class.gram.packed_lower", .f64, [classes, triangle]))
        }
        return tensors
    }
}
