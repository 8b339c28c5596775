internal import LinearAlgebra

/// Parts of a model that follow from its saved state without R.
extension SavedState {
    /// Checks the configuration and all parts.
    ///
    /// - Throws: `ConfigurationError`, or `RestoreError` that names the part.
    func checkAll() throws {
        try configuration.validate()
        try check(dimension: configuration.dimension, width: configuration.width)
    }

    /// φ.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    package func makeMap() throws -> FeatureMap {
        guard let projection, let width = configuration.projectionWidth else { return try FeatureMap(configuration) }
        let omega = try RandomProjection(inputs: configuration.dimension, outputs: width, elements: projection)
        guard case .random(let features) = configuration.featureMap else { return .randomRelu(omega) }
        return .random(omega, RandomActivation(features, inputs: configuration.dimension, phases: phases))
    }

    /// The balanced weights; nil if there are none, or the configuration wants none.
    ///
    /// - Parameter scale: the size of the mapped rows; called only if there are weights.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    func makeBalancedWeights(_ scale: () -> RowScale) throws -> BalancedWeights? {
        if case .discriminant = configuration.imbalance {
            guard let discriminant, let rule = discriminant.rule else { return nil }
            var weights = try Matrix(rows: configuration.width, columns: rule.productCount)
            weights.setRowMajor(discriminant.weights)
            return BalancedWeights(
                version: balancedVersion, imbalance: configuration.imbalance, solution: nil, epoch: 0, weights: weights, rule: rule,
                scale: scale())
        }
        guard let balancedWeights, configuration.imbalance != .none else { return nil }
        var weights = try Matrix(rows: configuration.width, columns: balancedWeights.count / configuration.width)
        weights.setRowMajor(balancedWeights)
        // A restored classifier begins its first epoch.
        return BalancedWeights(
            version: balancedVersion, imbalance: configuration.imbalance, solution: nil, epoch: 0, weights: weights,
            intercepts: balancedIntercepts ?? [], scale: scale())
    }

    /// What the weights got right at each balance.
    ///
    /// - Throws: `RestoreError` if it contradicts itself.
    func curve(of kind: WeightsKind) throws(RestoreError) -> BalanceCurve {
        kind == .plain
            ? try BalanceCurve(curve, part: "evaluation.race.plain", classes: labels.count)
            : try BalanceCurve(balancedCurve, part: "evaluation.race.balanced", classes: labels.count)
    }

    /// The size of the mapped rows, from G's diagonal.
    ///
    /// - Complexity: O(D).
    var rowScale: RowScale {
        RowScale(squares: (0..<configuration.width).map { gram[$0 * ($0 + 3) / 2] }, rows: samples)
    }

    /// s, if it is known: a model without an intercept does not keep it, but without rows of no class it follows from Q.
    var sumOfRows: [Double]? {
        if let rowSum { return Array(rowSum) }
        guard counts.reduce(0, +) == samples else { return nil }
        let (width, classes) = (configuration.width, labels.count)
        return (0..<width).map { row in crossMoment[(row * classes)..<((row + 1) * classes)].reduce(0, +) }
    }

    /// (G+λI)W′ − Q of weights with intercepts is −sbᵀ: adds sbᵀ to it.
    ///
    /// - Parameters:
    ///   - product: of some combinations of the classes [D×n].
    ///   - combine: the same combinations of the intercepts [n].
    func addIntercepts(to product: inout Matrix, _ combine: ([Double]) -> [Double] = { $0 }) {
        guard let rowSum, let intercepts else { return }
        Matrix.withView(of: rowSum, rows: product.rows) { product.addRankOne($0, combine(intercepts)) }
    }

    /// A = N − QᵀW, if it takes little more work than checking the weights; otherwise, and with intercepts, it is unknown until the
    /// model is restored.
    ///
    /// - Complexity: 2DC² operations, at most 32D².
    func residualMoment(_ weights: borrowing Matrix) -> ResidualMoment {
        var moment = ResidualMoment()
        moment.forget()
        let (width, classes) = (configuration.width, labels.count)
        guard !configuration.intercept, classes > 0, classes * classes <= 16 * width, var sums = try? Matrix(rows: width, columns: classes)
        else { return moment }
        sums.setRowMajor(crossMoment)
        moment.set(counts: counts, crossMoment: sums, weights: weights)
        return moment
    }

    /// Random combinations of classes of which the residual is estimated.
    private static let probes = 16

    /// ‖(G+λI)W − Q‖ / ‖Q‖ of the stored weights in the Frobenius norm; 0 if both are 0.
    ///
    /// With more than 16 classes, the residual is that of 16 combinations of them with normally distributed coefficients: the mean of
    /// their squares is the square of the norm (Hutchinson 1990). The estimate is below a tenth of the residual less than once in 10¹³
    /// times, and takes as long for a thousand classes as for sixteen.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: 16D² + 32D·C multiply-adds at most; reads G once, where it lies.
    func relativeResidual() throws(LinearAlgebraError) -> Double {
        let (width, classes) = (configuration.width, labels.count)
        guard classes > 0 else { return 0 }
        let probes = min(classes, Self.probes)
        let combinations = try Self.combinations(classes: classes, count: probes)
        // Row-major [D, C] has the layout of a column-major C×D matrix.
        var combined = try Matrix(rows: width, columns: probes)
        Matrix.withView(of: weights, rows: classes) { combined.multiply($0, transposed: true, by: combinations) }
        var product = try Matrix(rows: width, columns: probes)
        try product.multiply(packedLower: gram, by: combined)
        product.add(combined, times: configuration.ridge)
        addIntercepts(to: &product) { intercepts in
            (0..<probes).map { probe in intercepts.indices.reduce(0) { $0 + intercepts[$1] * combinations[$1, probe] } }
        }
        let norm = Matrix.withView(of: crossMoment, rows: classes) { moments in
            combined.multiply(moments, transposed: true, by: combinations)
            return moments.frobeniusNorm
        }
        product.add(combined, times: -1)
        let difference = product.frobeniusNorm
        return norm > 0 ? difference / norm : difference
    }

    /// Coefficients of the classes [C×n]: each class alone if there are as many.
    private static func combinations(classes: Int, count: Int) throws(LinearAlgebraError) -> Matrix {
        var matrix = try Matrix(rows: classes, columns: count)
        guard count < classes else {
            for column in 0..<count { matrix[column, column] = 1 }
            return matrix
        }
        // Any fixed key: the weights do not depend on it.
        let generator = Philox4x32(key: 9)
        // The mean of as many squares is their sum.
        let scale = 1 / Double(count).squareRoot()
        for column in 0..<count {
            matrix.withMutableColumn(column) { coefficients in
                for row in stride(from: 0, to: classes, by: 2) {
                    let words = generator.words(SIMD4(UInt32(truncatingIfNeeded: row), UInt32(truncatingIfNeeded: column), 0, 0))
                    let (one, other) = NormalDraws.pair(words.x, words.y)
                    coefficients[row] = scale * one
                    if row + 1 < classes { coefficients[row + 1] = scale * other }
                }
            }
        }
        return matrix
    }
}
