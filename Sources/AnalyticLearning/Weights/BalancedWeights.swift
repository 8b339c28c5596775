public import LinearAlgebra

/// Balanced weights W̃, made from a state of the truth: immutable, of one class at least, and to be handed from thread to thread.
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
    /// How large the mapped rows are that they come from.
    private let scale: RowScale

    /// What they take in memory beside their Float32 copy, in doubles.
    static func doubles(width: Int, classes: Double) -> Double { Double(width) * classes }

    /// Weights that have been solved for, or saved.
    ///
    /// - Returns: nil where they know no class: such weights could predict nothing.
    init?(
        version: Int, imbalance: Imbalance, solution: NormalEquations.Solution?, epoch: Int, weights: consuming Matrix, scale: RowScale
    ) {
        guard let table = WeightTable(weights, norm: scale.norm, components: { scale.components }) else { return nil }
        self.version = version
        self.imbalance = imbalance
        self.solution = solution
        self.epoch = epoch
        self.table = table
        self.weights = weights
        self.scale = scale
    }

    /// The same weights under another number, or in another epoch.
    private init(_ other: BalancedWeights, version: Int, epoch: Int) throws(LinearAlgebraError) {
        weights = try other.weights.copied()
        self.version = version
        self.epoch = epoch
        (imbalance, solution, table, scale) = (other.imbalance, other.solution, other.table, other.scale)
    }

    /// The number of classes they know: the first columns of the model.
    public var classCount: Int { weights.columns }

    /// Calls `body` with W̃ [D×classCount], in Float64.
    public func withWeights<R, E: Error>(_ body: (borrowing Matrix) throws(E) -> R) throws(E) -> R {
        try body(weights)
    }

    /// The same without a class.
    ///
    /// - Returns: nil where it was the only one.
    /// - Complexity: O(D·C).
    func without(_ column: Int) throws(LinearAlgebraError) -> BalancedWeights? {
        guard column < weights.columns else { return self }
        var copy = try weights.copied()
        copy.removeColumn(column)
        return BalancedWeights(version: version, imbalance: imbalance, solution: solution, epoch: epoch, weights: copy, scale: scale)
    }

    /// The same, of a state with another number.
    ///
    /// - Complexity: O(D·C).
    func renumbered(_ version: Int) throws(LinearAlgebraError) -> BalancedWeights {
        try BalancedWeights(self, version: version, epoch: epoch)
    }
}
