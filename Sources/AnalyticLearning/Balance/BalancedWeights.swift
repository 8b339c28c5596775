public import LinearAlgebra

/// Balanced weights W̃, made from a state of the truth: immutable, and to be handed from thread to thread.
public final class BalancedWeights: Sendable {
    /// The state they were made from.
    public let version: Int
    /// How they were made.
    public let imbalance: Imbalance
    /// How they were solved for; nil where they came from a snapshot.
    public let solution: NormalEquations.Solution?

    /// Which of the classifier's epochs they belong to: see `Classifier.epoch`.
    let epoch: Int
    /// W̃ [D×C], for the classes there were.
    let weights: Matrix
    let table: WeightTable

    init(
        version: Int, imbalance: Imbalance, solution: NormalEquations.Solution?, epoch: Int, weights: consuming Matrix
    ) {
        self.version = version
        self.imbalance = imbalance
        self.solution = solution
        self.epoch = epoch
        table = WeightTable(weights)
        self.weights = weights
    }

    /// How many classes they know: the first so many columns of the model.
    public var classCount: Int { weights.columns }

    /// Calls `body` with W̃ [D×classCount], in Float64.
    public func withWeights<R, E: Error>(_ body: (borrowing Matrix) throws(E) -> R) throws(E) -> R {
        try body(weights)
    }

    /// The same without a class.
    ///
    /// - Complexity: O(D·C).
    func without(_ column: Int) throws(LinearAlgebraError) -> BalancedWeights {
        guard column < weights.columns else { return self }
        var copy = try weights.copied()
        copy.removeColumn(column)
        return BalancedWeights(version: version, imbalance: imbalance, solution: solution, epoch: epoch, weights: copy)
    }

    /// The same, in another of the classifier's epochs.
    ///
    /// - Complexity: O(D·C).
    func inEpoch(_ epoch: Int) throws(LinearAlgebraError) -> BalancedWeights {
        BalancedWeights(version: version, imbalance: imbalance, solution: solution, epoch: epoch, weights: try weights.copied())
    }

    /// The same, of a state with another number.
    ///
    /// - Complexity: O(D·C).
    func renumbered(_ version: Int) throws(LinearAlgebraError) -> BalancedWeights {
        BalancedWeights(version: version, imbalance: imbalance, solution: solution, epoch: epoch, weights: try weights.copied())
    }
}
