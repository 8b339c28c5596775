internal import LinearAlgebra

/// Sums around the mean of all rows: a ridge regression on them has the weights of one with an unpenalised intercept.
enum CentredSums {
    /// G ← G − ssᵀ/n and Q ← Q − sqᵀ/n.
    ///
    /// - Parameters:
    ///   - rowSum: s [D×1].
    ///   - classWeights: q [C], the rows of each class.
    ///   - total: n > 0, all rows.
    /// - Complexity: O(D² + D·C).
    static func centre(
        _ gram: inout NormalEquations, _ crossMoment: inout Matrix, _ rowSum: borrowing Matrix, _ classWeights: [Double], total: Double
    ) {
        gram.add(rowSum, times: -1 / total)
        crossMoment.addRankOne(rowSum, classWeights, times: -1 / total)
    }

    /// b = (q − Wᵀs)/n of weights that follow from centred sums.
    ///
    /// - Parameters:
    ///   - weights: W [D×C]; further blocks of C columns, for other ridges, have intercepts too.
    ///   - rowSum: s [D×1].
    /// - Complexity: O(D·C).
    static func intercepts(
        _ weights: borrowing Matrix, _ rowSum: borrowing Matrix, _ classWeights: [Double], total: Double
    ) -> [Double] {
        weights.products(with: rowSum).enumerated().map { column, product in (classWeights[column % classWeights.count] - product) / total }
    }
}
