internal import LinearAlgebra

/// The residuals and degrees of freedom of ridge regressions over one state, for any ridge: G is reduced to tridiagonal form once.
struct RidgeErrors: ~Copyable {
    /// n, the rows in G.
    let samples: Int
    /// G = U T Uᵀ.
    private let reduction: TridiagonalReduction
    /// UᵀQ [D×C].
    private let rotated: Matrix
    /// (T+λI)⁻¹UᵀQ of the last ridge.
    private var solution: Matrix
    /// ‖Y‖², the number of rows that have a class; with an intercept, around the mean of all rows.
    private let squaredTargets: Double
    /// s [D×1] and q, from which intercepts follow.
    private let rowSum: Matrix
    private let counts: [Double]
    private let hasIntercept: Bool

    /// - Parameters:
    ///   - gram: G; consumed. With an intercept, G and Q are around the mean of all rows.
    ///   - crossMoment: Q; consumed.
    ///   - rowSum: s, if there is an intercept.
    ///   - counts: n_c.
    ///   - samples: all rows in G.
    ///   - hasIntercept: one more degree of freedom is fitted then.
    /// - Throws: `LinearAlgebraError`.
    /// - Complexity: 4D³/3 + 4D²C operations.
    init(
        gram: consuming NormalEquations, crossMoment: consuming Matrix, rowSum: consuming Matrix, counts: [Double], samples: Int,
        hasIntercept: Bool
    ) throws(LinearAlgebraError) {
        let reduction = try TridiagonalReduction(gram)
        var rotated = crossMoment
        try reduction.rotate(&rotated)
        guard rotated.isFinite else { throw .eigensolverFailed }
        let solution = try Matrix(rows: rotated.rows, columns: 0, columnCapacity: rotated.columns)
        self.reduction = reduction
        self.solution = solution
        self.rotated = rotated
        squaredTargets = counts.reduce(0) { $0 + $1 - (hasIntercept ? $1 * $1 / Double(samples) : 0) }
        self.rowSum = rowSum
        self.counts = counts
        self.hasIntercept = hasIntercept
        self.samples = samples
    }

    /// The memory of the computation in doubles: G, Q twice, the weights for some ridges, and LAPACK's workspace.
    static func doubles(width: Int, classes: Double, candidates: Int) -> Double {
        let columns = Double(candidates) * classes
        return Double(width) * (Double(width) + 2 * classes + columns)
            + TridiagonalReduction.workspaceDoubles(width: width, columns: max(classes, columns))
    }

    private var form: TridiagonalForm { reduction.form }

    /// Ridges from what rounding in G allows up to ten times its largest eigenvalue; empty sums have none above 0.
    var range: ClosedRange<Double> {
        let largest = max(0, form.eigenvalues.last ?? 0)
        return leastRidge...max(leastRidge, 10 * largest)
    }

    /// The eigenvalues are uncertain by this much, so a smaller ridge would not decide the weights.
    private var leastRidge: Double {
        Double(form.eigenvalues.count) * Double.ulpOfOne * max(0, form.eigenvalues.last ?? 0)
    }

    /// The estimate for a ridge.
    ///
    /// In the basis of T, with z = UᵀQ and w = (T+λI)⁻¹z: RSS = ‖Y‖² − ⟨z, w⟩ − λ‖w‖².
    ///
    /// - Returns: nil if the ridge is too small for the sums, or as many directions are fitted as there are rows.
    /// - Complexity: O(D·C).
    mutating func point(ridge: Double) throws(LinearAlgebraError) -> RidgeCurve.Point? {
        guard samples > 0, ridge >= leastRidge else { return nil }
        let degrees = form.eigenvalues.reduce(hasIntercept ? 1 : 0) { sum, value in
            let value = max(0, value)
            return sum + value / (value + ridge)
        }
        let rows = Double(samples)
        let freedom = 1 - degrees / rows
        guard freedom > Self.leastFreedom else { return nil }
        try solution.copy(from: rotated)
        do throws(LinearAlgebraError) {
            try form.solve(shift: ridge, &solution)
        } catch {
            if case .outOfMemory = error { throw error }
            return nil
        }
        let residual = max(0, squaredTargets - rotated.innerProduct(with: solution) - ridge * solution.sumOfSquares)
        guard residual.isFinite else { return nil }
        return RidgeCurve.Point(
            ridge: ridge, generalizedCrossValidation: residual / rows / (freedom * freedom), degreesOfFreedom: degrees,
            residualSumOfSquares: residual)
    }

    /// The weights for some ridges: U(T+λI)⁻¹UᵀQ, one after another [D × ridges·C].
    ///
    /// - Returns: the ridges that are not too small for the sums, and their weights.
    /// - Throws: `LinearAlgebraError`.
    /// - Complexity: 2D²C operations for each ridge.
    mutating func weights(for ridges: [Double]) throws(LinearAlgebraError) -> RidgeWeights {
        let classes = rotated.columns
        var weights = try Matrix(rows: rotated.rows, columns: ridges.count * classes)
        var kept: [Double] = []
        for ridge in ridges where ridge >= leastRidge {
            try solution.copy(from: rotated)
            do throws(LinearAlgebraError) {
                try form.solve(shift: ridge, &solution)
            } catch {
                if case .outOfMemory = error { throw error }
                continue
            }
            weights.copyColumns(of: solution, to: kept.count * classes)
            kept.append(ridge)
        }
        weights.dropColumns(from: kept.count * classes)
        try reduction.rotateBack(&weights)
        guard weights.isFinite else { throw .eigensolverFailed }
        let intercepts =
            hasIntercept ? CentredSums.intercepts(weights, rowSum, counts, total: Double(samples)) : []
        return RidgeWeights(ridges: kept, weights: weights, intercepts: intercepts)
    }

    /// With less left of the rows, the quotient is rounding divided by rounding.
    private static let leastFreedom = 1e-8
}

/// Ridges and their weights.
struct RidgeWeights: ~Copyable {
    /// In ascending order.
    let ridges: [Double]
    /// [D × ridges·C].
    let weights: Matrix
    /// b for each of these columns; empty without intercepts.
    let intercepts: [Double]
}
