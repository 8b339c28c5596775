public import LinearAlgebra

/// Balanced weights, computed from a state of the truth: immutable, of at least one class, shareable between threads.
///
/// They are W̃, whose products with a mapped row are the scores; or a discriminant's [V | Z], whose products a rule turns into scores.
public final class BalancedWeights: Sendable {
    /// The version of the state they were computed from.
    public let version: Int
    /// The imbalance setting they were computed with.
    public let imbalance: Imbalance
    /// How they were solved; nil if they came from a snapshot, or are a discriminant's.
    public let solution: NormalEquations.Solution?

    /// The classifier's epoch they belong to: see `Classifier.epoch`.
    let epoch: Int
    /// W̃ [D×C], for the classes known then; or [V | Z] [D×K].
    private let weights: Matrix
    /// How a discriminant's products become scores; nil if the products are the scores.
    public let rule: DiscriminantRule?
    let table: WeightTable
    /// b [C], if the model has an intercept; otherwise empty. A discriminant has offsets of its own.
    public var intercepts: [Double] { table.intercepts }
    /// The size of the mapped rows they come from.
    private let scale: RowScale

    /// Their memory besides the Float32 copy, in doubles.
    static func doubles(_ imbalance: Imbalance, width: Int, classes: Double) -> Double {
        let doubles = Double(width) * columns(imbalance, classes: classes)
        guard case .discriminant = imbalance else { return doubles }
        return doubles + DiscriminantRule.doubles(classes: classes)
    }

    /// The most columns that they have: of a discriminant, coordinates and cosines.
    static func columns(_ imbalance: Imbalance, classes: Double) -> Double {
        if case .discriminant = imbalance { return 2 * classes }
        return classes
    }

    /// A discriminant is in Float64 if rounding usual rows to Float32 could move a coordinate by more than 2⁻⁸ of its scale.
    private static let largestReach = 0x1p16

    /// Weights that were solved or saved.
    ///
    /// - Returns: nil without classes, or if the weights are not finite: they could predict nothing.
    init?(
        version: Int, imbalance: Imbalance, solution: NormalEquations.Solution?, epoch: Int, weights: consuming Matrix,
        intercepts: [Double] = [], rule: DiscriminantRule? = nil, scale: RowScale
    ) {
        precondition(rule.map { $0.productCount == weights.columns } ?? true, "a rule for other weights")
        var none: WeightMemory?
        let needsExact = rule.map { rule in
            (0..<rule.coordinateCount).contains { column in
                weights.withColumn(column) { $0.reduce(0) { $0 + $1 * $1 } }.squareRoot() * scale.norm > Self.largestReach
            }
        }
        let table = WeightTable(
            weights, intercepts: intercepts, norm: scale.norm, reusing: &none, needsExact: needsExact ?? false,
            components: { scale.components })
        guard let table else { return nil }
        self.version = version
        self.imbalance = imbalance
        self.solution = solution
        self.epoch = epoch
        self.table = table
        self.rule = rule
        self.weights = weights
        self.scale = scale
    }

    /// The same weights under another version or in another epoch.
    private init(_ other: BalancedWeights, version: Int, epoch: Int) throws(LinearAlgebraError) {
        weights = try other.weights.copied()
        self.version = version
        self.epoch = epoch
        (imbalance, solution, table, rule, scale) = (other.imbalance, other.solution, other.table, other.rule, other.scale)
    }

    /// The number of classes they know: the first columns of the model.
    public var classCount: Int { rule?.classCount ?? weights.columns }

    /// The products of a row from which its scores are made: C, or K of a discriminant.
    var productCount: Int { weights.columns }

    /// Calls `body` with W̃ [D×classCount], or a discriminant's [V | Z] [D×K], in Float64.
    public func withWeights<R, E: Error>(_ body: (borrowing Matrix) throws(E) -> R) throws(E) -> R {
        try body(weights)
    }

    /// Calls `body` with each mapped row's scores, in Float64.
    ///
    /// - Parameters:
    ///   - h: Hᵀ [D×n].
    ///   - products: overwritten.
    ///   - body: receives the number of a row and its scores.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: 2DKn operations.
    func forEachScores(
        _ h: borrowing Matrix, scratch products: inout Matrix, _ body: (Int, UnsafeBufferPointer<Double>) -> Void
    ) throws(LinearAlgebraError) {
        try products.reshapeScratch(rows: h.columns, columns: weights.columns)
        products.multiply(h, transposed: true, by: weights)
        var row = [Double](repeating: 0, count: weights.columns)
        var scores = [Double](repeating: 0, count: rule?.classCount ?? 0)
        for index in 0..<h.columns {
            for column in 0..<weights.columns { row[column] = products[index, column] }
            row.withUnsafeMutableBufferPointer { row in
                guard let rule else {
                    for (column, intercept) in intercepts.enumerated() { row[column] += intercept }
                    return body(index, UnsafeBufferPointer(row))
                }
                scores.withUnsafeMutableBufferPointer { scores in
                    rule.score(row, into: scores)
                    body(index, UnsafeBufferPointer(scores))
                }
            }
        }
    }

    /// The same weights without a class. Those of a discriminant stay in its coordinates, so the other classes keep their scores.
    ///
    /// - Returns: nil if it was the only one.
    /// - Complexity: O(D·C).
    func without(_ column: Int) throws(LinearAlgebraError) -> BalancedWeights? {
        guard column < classCount else { return self }
        guard classCount > 1 else { return nil }
        var copy = try weights.copied()
        var intercepts = intercepts
        if !intercepts.isEmpty { intercepts.remove(at: column) }
        if rule == nil { copy.removeColumn(column) }
        if let rule, copy.columns > rule.coordinateCount { copy.removeColumn(rule.coordinateCount + column) }
        return BalancedWeights(
            version: version, imbalance: imbalance, solution: solution, epoch: epoch, weights: copy, intercepts: intercepts,
            rule: rule?.without(column), scale: scale)
    }

    /// The same weights under another version.
    ///
    /// - Complexity: O(D·C).
    func renumbered(_ version: Int) throws(LinearAlgebraError) -> BalancedWeights {
        try BalancedWeights(self, version: version, epoch: epoch)
    }
}
