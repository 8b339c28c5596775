import AnalyticLearning
import DirectSolutions

/// The scores of a discriminant, from all rows of a state.
struct OracleDiscriminant {
    private let direct: DirectDiscriminant?
    /// The columns of the classes with rows.
    private let known: [Int]

    /// - Parameters:
    ///   - orphans: mapped rows of no class.
    ///   - largestTrace: the largest trace that G ever had: the losses of its sums are relative to this.
    /// - Returns: nil if the state does not determine scores to some digits: the service may then use the plain weights.
    init?(
        _ configuration: OracleConfiguration, _ classes: [OracleClass], orphans: [[Double]], falseShare: Double, seed: UInt64,
        largestTrace: Double
    ) {
        known = classes.indices.filter { classes[$0].count > 0 }
        guard known.count > 1 else {
            guard known.count == 1 else { return nil }
            // It is predicted whatever the row.
            direct = nil
            return
        }
        var (rows, columns): ([[Double]], [Int]) = (orphans, orphans.map { _ in -1 })
        for (place, column) in known.enumerated() {
            rows += classes[column].rows.map(\.h)
            columns += classes[column].rows.map { _ in place }
        }
        let sources = known.map { NormalDraws(seed: seed, label: Label(stringLiteral: classes[$0].label.text)) }
        let direct = DirectDiscriminant(
            rows, columns, classes: known.count, ridge: configuration.ridge, falseShare: falseShare
        ) { column, draw, count in
            var row = [Double](repeating: 0, count: count)
            row.withUnsafeMutableBufferPointer { sources[column].fill($0, draw: draw) }
            return row
        }
        guard let direct else { return nil }
        let condition = direct.condition
        let trace = rows.reduce(configuration.ridge) { $0 + OracleModel.dot($1, $1) }
        guard condition.scatter < 1e6, condition.classes < 1e5, condition.freedom > 1e-4, largestTrace < 1e4 * trace,
            condition.kept > 1e-5, condition.dropped < 1e-12, condition.sizes > 1e-8
        else { return nil }
        self.direct = direct
    }

    /// The scores of a row of some columns, and how far each may be off; classes without rows have none.
    ///
    /// - Parameters:
    ///   - columns: those that have not been deleted since.
    ///   - rounding: how far the service's products may be off, relative to the row.
    func scores(_ h: [Double], _ columns: [Int], rounding: Double) -> [(score: Double, tolerance: Double)] {
        let left = columns.compactMap { known.firstIndex(of: $0) }
        guard let direct else { return columns.map { known.contains($0) ? (0, 1e-6) : Self.excluded } }
        let scores = direct.scores(h, of: left)
        let size = scores.reduce(1) { max($0, abs($1)) }
        let tolerance = 1e-6 * size + direct.rounding(h, error: rounding)
        return columns.map { column in
            guard let place = known.firstIndex(of: column).flatMap({ left.firstIndex(of: $0) }) else { return Self.excluded }
            return (scores[place], tolerance)
        }
    }

    /// A class without rows is never predicted.
    private static let excluded = (score: -1e30, tolerance: 0.9e30)
}
