internal import LinearAlgebra

/// Weights with intercepts as they were saved, bit for bit.
final class RestoredWeights: Sendable {
    /// W′ [D×C].
    let weights: Matrix
    /// b [C].
    let intercepts: [Double]
    /// The revision of the readout that they belong to.
    let revision: Int

    init(_ weights: consuming Matrix, intercepts: [Double], revision: Int) {
        self.weights = weights
        self.intercepts = intercepts
        self.revision = revision
    }
}
