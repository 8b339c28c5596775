internal import LinearAlgebra

/// Scores new rows with the balanced weights for their calibrator, before the rows are learned.
struct BalancedScorer {
    private let weights: BalancedWeights
    private let calibrator: Calibrator

    /// - Returns: nil without weights of at least two classes: fewer say nothing about probabilities.
    init?(_ weights: BalancedWeights?, _ calibrator: Calibrator) {
        guard let weights, weights.classCount > 1 else { return nil }
        self.weights = weights
        self.calibrator = calibrator
    }

    /// - Parameters:
    ///   - h: Hᵀ [D×n].
    ///   - columns: the class of each row.
    ///   - scores: overwritten.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: 2DCn operations.
    func record(_ h: borrowing Matrix, columns: ArraySlice<Int>, scratch scores: inout Matrix) throws(LinearAlgebraError) {
        try scores.reshapeScratch(rows: h.columns, columns: weights.classCount)
        weights.withWeights { scores.multiply(h, transposed: true, by: $0) }
        calibrator.record(scores, columns: columns)
    }
}
