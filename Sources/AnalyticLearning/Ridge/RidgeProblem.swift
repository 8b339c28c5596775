internal import LinearAlgebra

/// A copied state of the sums, from which ridge regressions with any ridge follow.
struct RidgeProblem: ~Copyable, Sendable {
    /// G.
    private var gram: NormalEquations
    /// Q [D×C].
    private var crossMoment: Matrix
    /// s [D×1], if the model has an intercept; otherwise without columns.
    private let rowSum: Matrix
    /// n_c.
    private let counts: [Double]
    /// All rows in G.
    private let samples: Int

    /// C.
    var classCount: Int { crossMoment.columns }

    /// Copies the sums.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(D² + D·C).
    init(square: borrowing SymmetricPair, truth: borrowing Truth) throws(LinearAlgebraError) {
        let gram = try NormalEquations(gramOf: square)
        let crossMoment = try truth.crossMoment.copied()
        let rowSum = try truth.rowSum.copied()
        self.gram = gram
        self.rowSum = rowSum
        counts = truth.counts.map(Double.init)
        self.crossMoment = crossMoment
        samples = truth.samples
    }

    /// Reduces G, around the mean of all rows if there is an intercept, so that each ridge costs little.
    ///
    /// - Throws: `LinearAlgebraError`.
    /// - Complexity: that of `RidgeErrors.init`.
    consuming func errors() throws(LinearAlgebraError) -> RidgeErrors {
        let (counts, samples) = (counts, samples)
        let hasIntercept = rowSum.columns > 0 && samples > 0
        if hasIntercept { CentredSums.centre(&gram, &crossMoment, rowSum, counts, total: Double(samples)) }
        return try RidgeErrors(
            gram: gram, crossMoment: crossMoment, rowSum: rowSum, counts: counts, samples: samples, hasIntercept: hasIntercept)
    }
}
