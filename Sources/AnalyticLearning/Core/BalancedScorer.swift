internal import LinearAlgebra

/// Scores new rows with the balanced weights for their test, before the rows are learned.
struct BalancedScorer {
    private let weights: BalancedWeights
    private let test: ProgressiveTest

    /// - Returns: nil without weights.
    init?(_ weights: BalancedWeights?, _ test: ProgressiveTest) {
        guard let weights else { return nil }
        self.weights = weights
        self.test = test
    }

    /// The products of a row from which its scores are made.
    var productCount: Int { weights.productCount }

    /// - Parameters:
    ///   - h: Hᵀ [D×n].
    ///   - columns: the class of each row.
    ///   - scores: overwritten.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: 2DCn operations; up to twice as many for a discriminant.
    func record(_ h: borrowing Matrix, columns: ArraySlice<Int>, scratch scores: inout Matrix) throws(LinearAlgebraError) {
        try weights.forEachScores(h, scratch: &scores) { row, scores in
            test.record(scores, label: columns[columns.startIndex + row])
        }
    }
}
