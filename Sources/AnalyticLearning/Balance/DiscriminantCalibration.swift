internal import Glibc
internal import LinearAlgebra

/// What keeps a class of few rows from being overlooked, and from taking the rows of others: a second opinion from the class means, and an
/// offset that lets it take as many of the other classes' rows as it may.
///
/// Both follow from rows drawn from the model's own Gaussians, in 2C dimensions: x and the cosines of a row have a joint covariance
/// [φB, M'M; M'M, M'S_wM/ν]. The draws come from Philox, keyed by the seed and the class's label, and a symmetric root maps them; so the
/// same state gives the same draws, whatever signs its eigenvectors have.
struct DiscriminantCalibration: ~Copyable {
    /// 1/‖m_c − m̄‖, for the mean m̄ of the class means [C].
    private(set) var scales: [Double] = []
    /// t₀ [C].
    private(set) var center: [Double] = []
    /// γ [C].
    private(set) var marginWeights: [Double] = []
    /// How far each class is raised [C].
    private(set) var offsets: [Double] = []

    /// Rows drawn for each class: enough in all to tell a share of 2 %, few enough to draw in a fraction of a second.
    static func draws(classes: Int) -> Int { max(4_000 / classes, min(64, 12_800 / classes), 8) }

    /// Calibrates a fit of at least two classes.
    ///
    /// - Parameters:
    ///   - labels: of the classes with rows.
    ///   - shouldStop: called once for each class.
    /// - Returns: nil if it was asked to stop.
    /// - Throws: `LinearAlgebraError`.
    /// - Complexity: O(C³ + k·C²) for k drawn rows.
    init?(
        _ fit: borrowing DiscriminantFit, _ sums: borrowing DiscriminantSums, _ takes: FalseTakes, labels: [Label], seed: UInt64,
        shouldStop: () -> Bool
    ) throws(LinearAlgebraError) {
        let classes = sums.counts.count
        setCosines(sums.means)
        let draws = Self.draws(classes: classes)
        var scores = try Matrix(rows: classes, columns: classes * draws)
        var margins = try Matrix(rows: classes, columns: classes * draws)
        guard try draw(fit, sums, labels: labels, seed: seed, draws: draws, &scores, &margins, shouldStop) else { return nil }
        let rows = sums.counts.reduce(0, +)
        let weights = sums.counts.map { $0 / rows / Double(draws) }
        marginWeights = FalseTakes.marginWeights(counts: sums.counts, deviations: Self.deviations(margins, weights, draws))
        let targets = Self.targets(takes, scores, weights, draws)
        for row in 0..<scores.columns {
            scores.withMutableColumn(row) { scores in
                margins.withColumn(row) { margins in
                    for column in scores.indices { scores[column] += marginWeights[column] * margins[column] }
                }
            }
        }
        var raising = RaisedClasses(scores, weights: weights, draws: draws)
        for _ in 0..<2 {
            for column in takes.poor {
                if shouldStop() { return nil }
                raising.raise(column, until: targets[column], scores)
            }
        }
        offsets = raising.offsets
    }

    /// The lengths of the class means less their mean, and its cosines with them, from M'M.
    private mutating func setCosines(_ means: borrowing Matrix) {
        let classes = means.columns
        let averages = (0..<classes).map { means.withColumn($0) { $0.reduce(0, +) / Double(classes) } }
        let middle = averages.reduce(0, +) / Double(classes)
        scales = (0..<classes).map { 1 / max(means[$0, $0] - 2 * averages[$0] + middle, 1e-300).squareRoot() }
        center = (0..<classes).map { (averages[$0] - middle) * scales[$0] }
    }

    // MARK: Drawing

    /// Draws rows and fills their scores and margins, [C] each.
    ///
    /// - Returns: false if it was asked to stop.
    private func draw(
        _ fit: borrowing DiscriminantFit, _ sums: borrowing DiscriminantSums, labels: [Label], seed: UInt64, draws: Int,
        _ scores: inout Matrix, _ margins: inout Matrix, _ shouldStop: () -> Bool
    ) throws(LinearAlgebraError) -> Bool {
        let (classes, coordinates) = (sums.counts.count, fit.coordinates)
        let root = try Root(fit, sums)
        var twice = try Matrix(rows: coordinates, columns: classes)
        var precision = try Matrix(rows: coordinates, columns: classes)
        var bias = fit.prior
        for column in 0..<classes {
            for index in 0..<coordinates {
                let (mean, variance) = (fit.mean[index, column], fit.variance(index, column))
                let p = 0.5 / (variance * DiscriminantFit.temperature)
                precision[index, column] = p
                twice[index, column] = 2 * p * mean
                bias[column] -= p * mean * mean + 0.5 * log(variance) / DiscriminantFit.temperature
            }
        }
        var noise = try Matrix(rows: 2 * classes, columns: draws)
        var wander = try Matrix(rows: classes, columns: draws)
        var x = try Matrix(rows: coordinates, columns: draws)
        var squares = try Matrix(rows: coordinates, columns: draws)
        var products = try Matrix(rows: classes, columns: draws)
        var block = try Matrix(rows: classes, columns: draws)
        for own in 0..<classes {
            if shouldStop() { return false }
            let source = NormalDraws(seed: seed, label: labels[own])
            for draw in 0..<draws {
                noise.withMutableColumn(draw) { source.fill($0, draw: 2 * draw) }
                wander.withMutableColumn(draw) { source.fill($0, draw: 2 * draw + 1) }
            }
            // The class's true mean is uncertain, too.
            x.multiply(fit.basis, transposed: true, by: wander)
            for draw in 0..<draws {
                x.withMutableColumn(draw) { x in
                    for index in x.indices { x[index] *= fit.uncertainty[index, own].squareRoot() }
                }
            }
            x.multiply(root.toCoordinates, by: noise, beta: 1)
            for draw in 0..<draws {
                x.withMutableColumn(draw) { x in
                    squares.withMutableColumn(draw) { squares in
                        for index in x.indices {
                            x[index] += fit.mean[index, own]
                            squares[index] = x[index] * x[index]
                        }
                    }
                }
            }
            block.multiply(precision, transposed: true, by: squares, alpha: -1)
            block.multiply(twice, transposed: true, by: x, beta: 1)
            products.multiply(root.toProducts, by: noise)
            for draw in 0..<draws {
                block.withMutableColumn(draw) { for column in $0.indices { $0[column] += bias[column] } }
                products.withMutableColumn(draw) { row in
                    sums.means.withColumn(own) { means in
                        for column in row.indices { row[column] += means[column] }
                    }
                    setMargins(row)
                }
            }
            scores.setColumns(from: own * draws, to: block, columns: 0..<draws)
            margins.setColumns(from: own * draws, to: products, columns: 0..<draws)
        }
        return true
    }

    /// The symmetric root of the joint covariance of a and hᵀM within a class.
    private struct Root: ~Copyable {
        /// From 2C standard normal values to x [r×2C].
        let toCoordinates: Matrix
        /// From the same to hᵀM [C×2C].
        let toProducts: Matrix

        init(_ fit: borrowing DiscriminantFit, _ sums: borrowing DiscriminantSums) throws(LinearAlgebraError) {
            let classes = sums.counts.count
            var covariance = try Matrix(rows: 2 * classes, columns: 2 * classes)
            for column in 0..<classes {
                for row in 0..<classes {
                    covariance[row, column] = fit.inflation * fit.products[row, column]
                    covariance[row, classes + column] = sums.means[row, column]
                    covariance[classes + row, column] = sums.means[row, column]
                    covariance[classes + row, classes + column] = sums.scatter[row, column]
                }
            }
            let sizes = (0..<(2 * classes)).map { max(covariance[$0, $0], 1e-300).squareRoot() }
            for column in sizes.indices {
                covariance.withMutableColumn(column) { values in
                    for row in values.indices { values[row] /= sizes[row] * sizes[column] }
                }
            }
            var solver = try SymmetricEigensolver(largestOrder: 2 * classes)
            try solver.decompose(&covariance)
            let transposed = try covariance.transposed()
            let root = try Matrix.product(ofTransposed: transposed, solver.values.map { max($0, 0).squareRoot() })
            var upper = try Matrix(rows: classes, columns: 2 * classes)
            var lower = try Matrix(rows: classes, columns: 2 * classes)
            for column in 0..<(2 * classes) {
                for row in 0..<classes {
                    upper[row, column] = sizes[row] * root[row, column]
                    lower[row, column] = sizes[classes + row] * root[classes + row, column]
                }
            }
            var toCoordinates = try Matrix(rows: fit.coordinates, columns: 2 * classes)
            toCoordinates.multiply(fit.whitening, transposed: true, by: upper)
            self.toCoordinates = toCoordinates
            toProducts = lower
        }
    }

    /// Turns a row's products with the class means into its margins: its cosine with each mean, less the largest of the others.
    private func setMargins(_ row: UnsafeMutableBufferPointer<Double>) {
        var sum = 0.0
        for value in row { sum += value }
        let middle = sum / Double(row.count)
        var (first, second) = (-Double.infinity, -Double.infinity)
        for column in row.indices {
            let value = (row[column] - middle) * scales[column] - center[column]
            row[column] = value
            if value > first { (first, second) = (value, first) } else if value > second { second = value }
        }
        for column in row.indices { row[column] -= row[column] == first ? second : first }
    }

    // MARK: Measuring

    /// The standard deviation of each class's margin over the rows of the stream.
    private static func deviations(_ margins: borrowing Matrix, _ weights: [Double], _ draws: Int) -> [Double] {
        var (sums, squares) = ([Double](repeating: 0, count: margins.rows), [Double](repeating: 0, count: margins.rows))
        for row in 0..<margins.columns {
            let weight = weights[row / draws]
            margins.withColumn(row) { margins in
                for column in margins.indices {
                    sums[column] += weight * margins[column]
                    squares[column] += weight * margins[column] * margins[column]
                }
            }
        }
        return zip(sums, squares).map { max($1 - $0 * $0, 0).squareRoot() }
    }

    /// The share of the other classes' rows that each class may take: no less than its likelihood alone takes.
    private static func targets(_ takes: FalseTakes, _ scores: borrowing Matrix, _ weights: [Double], _ draws: Int) -> [Double] {
        var taken = [Double](repeating: 0, count: scores.rows)
        for row in 0..<scores.columns {
            let best = scores.withColumn(row) { scores in scores.indices.max { scores[$0] < scores[$1] } } ?? 0
            if best != row / draws { taken[best] += weights[row / draws] }
        }
        return taken.indices.map { max(takes.budgets[$0], taken[$0] / max(1 - weights[$0] * Double(draws), 1e-300)) }
    }
}
