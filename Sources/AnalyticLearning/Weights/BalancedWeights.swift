public import LinearAlgebra

/// Balanced weights W̃, computed from a state of the truth: immutable, of at least one class, shareable between threads.
public final class BalancedWeights: Sendable {
    /// The version of the state they were computed from.
    public let version: Int
    /// The imbalance setting they were computed with.
    public let imbalance: Imbalance
    /// How they were solved; nil if they came from a snapshot.
    public let solution: NormalEquations.Solution?

    /// The classifier's epoch they belong to: see `Classifier.epoch`.
    let epoch: Int
    /// W̃ [D×C], for the classes known then.
    let weights: Matrix
    let table: WeightTable
    /// The size of the mapped rows they come from.
    private let scale: RowScale

    /// Their memory besides the Float32 copy, in doubles.
    static func doubles(width: Int, classes: Double) -> Double { Double(width) * classes }

    /// Weights that were solved or saved.
    ///
    /// - Returns: nil without classes, or if the weights are not finite: they could predict nothing.
    init?(
        version: Int, imbalance: Imbalance, solution: NormalEquations.Solution?, epoch: Int, weights: consuming Matrix, scale: RowScale
    ) {
        var none: WeightMemory?
        guard let table = WeightTable(weights, norm: scale.norm, reusing: &none, components: { scale.components }) else { return nil }
        self.version = version
        self.imbalance = imbalance
        self.solution = solution
        self.epoch = epoch
        self.table = table
        self.weights = weights
        self.scale = scale
    }

    /// The same weights under another version or in another epoch.
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

    /// The same weights without a class.
    ///
    /// - Returns: nil if it was the only one.
    /// - Complexity: O(D·C).
    func without(_ column: Int) throws(LinearAlgebraError) -> BalancedWeights? {
        guard column < weights.columns else { return self }
        var copy = try weights.copied()
        copy.removeColumn(column)
        return BalancedWeights(version: version, imbalance: imbalance, solution: solution, epoch: epoch, weights: copy, scale: scale)
    }

    /// The same weights under another version.
    ///
    /// - Complexity: O(D·C).
    func renumbered(_ version: Int) throws(LinearAlgebraError) -> BalancedWeights {
        try BalancedWeights(self, version: version, epoch: epoch)
    }
}
