internal import LinearAlgebra

/// A copied state of the sums, from which ridge regressions with any ridge follow.
struct RidgeProblem: ~Copyable, Sendable {
    /// G.
    private let gram: NormalEquations
    /// Q [D×C].
    private let crossMoment: Matrix
    /// The rows that have a class.
    private let labelled: Int
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
        self.gram = gram
        self.crossMoment = crossMoment
        labelled = truth.counts.reduce(0, +)
        samples = truth.samples
    }

    /// Reduces G, so that each ridge costs little.
    ///
    /// - Throws: `LinearAlgebraError`.
    /// - Complexity: that of `RidgeErrors.init`.
    consuming func errors() throws(LinearAlgebraError) -> RidgeErrors {
        let (labelled, samples) = (labelled, samples)
        return try RidgeErrors(gram: gram, crossMoment: crossMoment, labelled: labelled, samples: samples)
    }
}
