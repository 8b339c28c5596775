internal import LinearAlgebra

extension Classifier {
    /// A classifier that goes on from a saved state, with the saved weights bit for bit.
    ///
    /// - Throws: `RestoreError` where the state contradicts itself, `ConfigurationError`, or `LinearAlgebraError`.
    /// - Complexity: D³ multiply-adds, for R.
    public convenience init(restoring state: SavedState) throws {
        try state.configuration.validate()
        let (dimension, width, classes) = (state.configuration.dimension, state.configuration.width, state.labels.count)
        try Self.check(state, dimension: dimension, width: width)
        var map: FeatureMap?
        if let projection = state.projection {
            map = .randomRelu(try RandomProjection(inputs: dimension, outputs: width, elements: projection))
        }
        try self.init(state.configuration, featureMap: map)
        for label in state.labels {
            let fits = !label.isEmpty && label.utf8.count <= ClassRegistry.maximumLabelBytes
            guard fits, registry.intern(label).isNew else { throw RestoreError.label(label) }
        }
        square.setGram(packedLower: state.gram)
        try truth.setClasses(classes)
        try view.reserve(rows: 0, classes: classes)
        truth.counts = state.counts
        truth.samples = state.samples
        truth.crossMoment.setRowMajor(state.crossMoment)
        for column in 0..<classes {
            let range = (column * dimension)..<((column + 1) * dimension)
            truth.moments.set(
                column, mean: UnsafeBufferPointer(rebasing: state.mean[range]), m2: UnsafeBufferPointer(rebasing: state.m2[range]))
        }
        var weights = try Matrix(rows: width, columns: classes)
        weights.setRowMajor(state.weights)
        let residual = try relativeResidual(weights)
        guard residual <= 1e-6 else { throw RestoreError.residual(residual) }
        try view.solve(square: &square, truth: truth)
        view.weights = weights
        version = state.version
    }

    private static func check(_ state: SavedState, dimension: Int, width: Int) throws {
        let classes = state.labels.count
        let triangle = width * (width + 1) / 2
        for (part, count, expected) in [
            ("feature_map.projection", state.projection?.count ?? 0, state.configuration.featureMap == .identity ? 0 : dimension * width),
            ("gram.packed_lower", state.gram.count, triangle), ("cross_moment", state.crossMoment.count, width * classes),
            ("class.count", state.counts.count, classes), ("class.mean", state.mean.count, classes * dimension),
            ("class.m2", state.m2.count, classes * dimension), ("weight", state.weights.count, width * classes),
        ] where count != expected {
            throw RestoreError.size(part: part, count: count, expected: expected)
        }
        for (part, values) in [
            ("gram.packed_lower", state.gram), ("cross_moment", state.crossMoment), ("class.mean", state.mean), ("class.m2", state.m2),
            ("weight", state.weights),
        ] {
            for index in values.indices where !values[index].isFinite { throw RestoreError.value(part: part, index: index) }
        }
        for index in state.m2.indices where state.m2[index] < 0 { throw RestoreError.value(part: "class.m2", index: index) }
        if let projection = state.projection, let index = projection.firstIndex(where: { !$0.isFinite }) {
            throw RestoreError.value(part: "feature_map.projection", index: index)
        }
        var sum = 0
        for (index, count) in state.counts.enumerated() {
            let (next, overflow) = sum.addingReportingOverflow(count)
            guard count >= 0, !overflow, next <= state.samples else { throw RestoreError.value(part: "class.count", index: index) }
            sum = next
        }
    }

    /// ‖(G+λI)W − Q‖ / ‖Q‖ in the Frobenius norm; 0 where both are 0.
    ///
    /// - Complexity: D²C multiply-adds.
    func relativeResidual(_ weights: borrowing Matrix) throws -> Double {
        guard weights.columns > 0 else { return 0 }
        var product = try Matrix(rows: weights.rows, columns: weights.columns)
        try square.multiplyGram(weights, into: &product)
        product.add(weights, times: configuration.ridge)
        product.add(truth.crossMoment, times: -1)
        let norm = truth.crossMoment.frobeniusNorm
        let difference = product.frobeniusNorm
        return norm > 0 ? difference / norm : difference
    }
}
