/// Novelty by its formula, from the rows of a model and its joint solution, with a bound of how far the service may be off.
struct OracleNovelty {
    private let rows: Double
    private let classes: [Int]
    /// P = (N − QᵀW)⁻¹ of the classes with rows.
    private let precision: [[Double]]
    private let own: [Double]
    private let centre: Double
    private let spread: Double
    private let solution: OracleSolution
    private let momentError: Double

    /// - Returns: nil if the service may say that there is none: the moment is close to singular.
    init?(_ model: OracleModel, _ solution: OracleSolution) {
        let classes = model.classes.indices.filter { model.classes[$0].count > 0 }
        let counts = classes.map { Double(model.classes[$0].count) }
        var moment = classes.map { _ in [Double](repeating: 0, count: classes.count) }
        var length = 0.0
        for (i, column) in classes.enumerated() {
            moment[i][i] = counts[i]
            for row in model.classes[column].rows {
                length += OracleModel.length(row.h)
                for (j, other) in classes.enumerated() { moment[i][j] -= OracleModel.dot(solution.weights[other], row.h) }
            }
        }
        // Scaled to a unit diagonal, as classes may be of any size.
        let scale = moment.indices.map { 1 / moment[$0][$0].squareRoot() }
        guard scale.allSatisfy(\.isFinite) else { return nil }
        var a = moment.indices.map { i in
            moment.indices.map { moment[i][$0] * scale[i] * scale[$0] } + moment.indices.map { $0 == i ? 1 : 0 }
        }
        for k in a.indices {
            guard a[k][k] > 1e-7 else { return nil }
            let factor = 1 / a[k][k]
            for j in a[k].indices { a[k][j] *= factor }
            for i in a.indices where i != k {
                let factor = a[i][k]
                for j in a[i].indices { a[i][j] -= factor * a[k][j] }
            }
        }
        precision = a.indices.map { i in a.indices.map { a[i][a.count + $0] * scale[i] * scale[$0] } }
        let sum = moment.reduce(0) { $0 + $1.reduce(0, +) }
        guard sum > 0 else { return nil }
        rows = counts.reduce(0, +)
        centre = (rows - sum) / (rows * rows)
        spread = rows * rows / sum
        own = counts.indices.map { [precision] i in precision[i][i] - 1 / counts[i] }
        self.classes = classes
        self.solution = solution
        momentError = length * solution.tolerance + 1e-12 * rows
    }

    /// A row's novelty, and how far the service may be off: it scores in Float32.
    func value(_ h: [Double]) -> (novelty: Double, tolerance: Double) {
        let u = classes.map { OracleModel.dot(solution.weights[$0], h) }
        let products = u.indices.map { i in u.indices.reduce(0) { $0 + precision[i][$1] * u[$1] } }
        let square = zip(u, products).reduce(0) { $0 + $1.0 * $1.1 }
        let nearest = u.indices.map { own[$0] - 2 * products[$0] }.min() ?? 0
        let mean = u.reduce(0, +) / rows
        let novelty = square + nearest + 2 * mean - centre - spread * (mean - centre) * (mean - centre)
        let scoreError = OracleModel.length(h) * (4e-6 * solution.norm + solution.tolerance) * Double(u.count).squareRoot()
        let size = OracleModel.length(u) + 1 + scoreError
        let norm = OracleModel.length(Array(precision.joined()))
        let byScores = (2 * norm * size + 4 * (1 + spread * abs(mean - centre)) / rows) * scoreError
        let bySums = (norm * norm * size * size + spread * spread * (mean - centre) * (mean - centre) / (rows * rows)) * momentError
        return (novelty, 4 * (byScores + bySums) + 1e-6 * abs(novelty) + 1e-12 / rows)
    }
}
