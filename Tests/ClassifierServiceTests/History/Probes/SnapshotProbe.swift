import TensorFormats

/// Snapshots: the sums to the last digits, and the weights.
enum SnapshotProbe: ModelProbe {
    static let operations = ["take_snapshot"]

    static func check(_ world: HistoryWorld, _ name: String, _ generator: inout SeededGenerator) throws {
        guard let model = world.oracle.models[name] else { return }
        let path = "/v1/models/\(name)/snapshot"
        let bytes = try world.get(path).body
        try compare(try EditedSnapshot(bytes), model)
        let weights = try EditedSnapshot(try world.get(path + "?parts=weights").body)
        try demand(weights["weight"] != nil && weights["gram.packed_lower"] == nil, "?parts=weights has the tensors \(weights.names)")
        try compareLabels(weights, model)
        try world.head(path, as: 200)
        if Int.random(in: 0..<3, using: &generator) == 0 { world.oracle.keep(OracleSnapshot(bytes: bytes, state: model)) }
    }

    private static func compareLabels(_ snapshot: EditedSnapshot, _ model: OracleModel) throws {
        let told = ((try? JSONValue(parsing: snapshot.metadataValue("labels") ?? ""))?.array ?? []).compactMap {
            $0.string.map { LabelBytes($0) }
        }
        try demand(told == model.labels, "the snapshot's labels are \(told), expected \(model.labels)")
        try demand(
            snapshot.metadataValue("version") == "\(model.version)" && snapshot.metadataValue("samples") == "\(model.samples)",
            "the snapshot has version \(snapshot.metadataValue("version") ?? "") and \(snapshot.metadataValue("samples") ?? "") samples, "
                + "expected \(model.version) and \(model.samples)")
    }

    private static func compare(_ snapshot: EditedSnapshot, _ model: OracleModel) throws {
        var model = model
        try compareLabels(snapshot, model)
        let (width, dimension, classes) = (model.width, model.configuration.dimension, model.classes)
        let counts = snapshot.elements("class.count", as: Int64.self).map { Int($0) }
        try demand(counts == classes.map(\.count), "the snapshot's counts are \(counts), expected \(classes.map(\.count))")
        try demand(
            snapshot.elements("feature_map.projection", as: Float.self) == model.projection, "the snapshot has another projection")
        try demand(snapshot.elements("feature_map.phase", as: Float.self) == model.phases, "the snapshot has other phases")
        // Rounding is relative to the largest that the sums ever were.
        let scale = 1e-12 * model.largestTrace + .leastNonzeroMagnitude
        let gram: [Double] = snapshot.elements("gram.packed_lower")
        let expected = (0..<width).flatMap { row in (0...row).map { model.gram[row * width + $0].high } }
        try compare("gram.packed_lower", gram, expected, scale)
        let cross: [Double] = snapshot.elements("cross_moment")
        let sums = classes.map { OracleModel.sum($0.rows, width).map(\.high) }
        let largest = classes.reduce(0) { max($0, $1.largest) } * Double(max(1, model.samples) * dimension)
        let crossScale = 1e-12 * max(largest, (Double(model.samples) * model.largestTrace).squareRoot()) + .leastNonzeroMagnitude
        try compare("cross_moment", cross, (0..<width).flatMap { row in sums.map { $0[row] } }, crossScale)
        let means: [Double] = snapshot.elements("class.mean")
        let squares: [Double] = snapshot.elements("class.m2")
        try demand(squares.allSatisfy { $0 >= 0 && $0.isFinite }, "class.m2 is \(squares)")
        for (column, entry) in classes.enumerated() {
            let mean = (0..<dimension).map { index in
                entry.rows.reduce(0) { $0 + $1.x[index] / Double(max(1, entry.count)) }
            }
            try compare(
                "class.mean of \(entry.label)", Array(means[(column * dimension)..<((column + 1) * dimension)]), mean,
                1e-10 * entry.largest + .leastNonzeroMagnitude)
            let deviations = (0..<dimension).map { index in
                entry.rows.reduce(0) { $0 + ($1.x[index] - mean[index]) * ($1.x[index] - mean[index]) }
            }
            // What removed rows may leave: standard deviations right to 10⁻⁸ of themselves, or about 10⁻⁶ of the largest component.
            let largest = (0..<dimension).map { deviations[$0] + Double(entry.count) * mean[$0] * mean[$0] }.max() ?? 0
            for (index, deviation) in deviations.enumerated() {
                let place = column * dimension + index
                try compare(
                    "class.m2 of \(entry.label), \(index)", [squares[place]], [deviation],
                    max(1e-7 * deviation, 1e-10 * largest) + .leastNonzeroMagnitude)
            }
        }
        try compareWeights(snapshot.elements("weight"), &model)
        let balanced: [Double] = snapshot.elements("weight.balanced")
        try demand(
            balanced.allSatisfy(\.isFinite) && balanced.count <= width * classes.count
                && (snapshot["weight.balanced"] == nil) == balanced.isEmpty,
            "weight.balanced has \(balanced.count) values for \(classes.count) classes")
        guard snapshot["discriminant.weight"] != nil else { return }
        guard case .discriminant = model.configuration.imbalance else { throw HistoryFailure("a discriminant that nothing asks for") }
        for name in ["weight", "center", "mean", "precision", "class"] {
            let elements: [Double] = snapshot.elements("discriminant." + name)
            try demand(!elements.isEmpty && elements.allSatisfy(\.isFinite), "discriminant.\(name) has \(elements.count) values")
        }
    }

    private static func compareWeights(_ weights: [Double], _ model: inout OracleModel) throws {
        try demand(
            weights.count == model.width * model.classes.count && weights.allSatisfy(\.isFinite),
            "weight has \(weights.count) values, or some that are not finite")
        let solution = model.solution()
        guard solution.isTold, !model.isInexact else { return }
        let expected = (0..<model.width).flatMap { row in solution.weights.map { $0[row] } }
        try compare("weight", weights, expected, solution.tolerance + .leastNonzeroMagnitude)
    }

    private static func compare(_ name: String, _ values: [Double], _ expected: [Double], _ tolerance: Double) throws {
        try demand(values.count == expected.count, "\(name) has \(values.count) values, expected \(expected.count)")
        for (index, (value, other)) in zip(values, expected).enumerated() where !(abs(value - other) <= tolerance) {
            throw HistoryFailure("\(name)[\(index)] is \(value), expected \(other) within \(tolerance)")
        }
    }
}
