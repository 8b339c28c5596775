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

    /// The drawn rows, class after class.
    struct Draws {
        /// Rows of each class.
        let counts: [Int]
        /// The class of each row.
        let owners: [Int]
        /// The share of the stream that each row of a class stands for.
        let weights: [Double]

        /// Half of the rows are shared out as the stream's are, so that no single one weighs much, and half evenly.
        ///
        /// - Parameter counts: n_c.
        init(_ counts: [Double]) {
            let (rows, total) = (counts.reduce(0, +), Double(Self.total(classes: counts.count)))
            let drawn = counts.map { max(Self.least, Int((total * ($0 / rows + 1 / Double(counts.count)) / 2).rounded())) }
            self.counts = drawn
            owners = drawn.enumerated().flatMap { [Int](repeating: $0, count: $1) }
            weights = zip(counts, drawn).map { $0 / rows / Double($1) }
        }

        /// The rows in blocks of one class: the class, the number of the first draw, and how many there are.
        func blocks(of size: Int) -> [(own: Int, first: Int, count: Int)] {
            counts.enumerated().flatMap { own, count in
                stride(from: 0, to: count, by: size).map { (own, $0, min(size, count - $0)) }
            }
        }

        /// Rows in all, if no class has the least number: enough to tell a share of a percent, few enough for a fraction of a second.
        private static func total(classes: Int) -> Int { max(4_000, min(64 * classes, 8_000)) }
        /// The least rows of a class.
        private static let least = 8

        /// The most rows for this many classes.
        static func largest(classes: Int) -> Int { total(classes: classes) + (least + 1) * classes }
    }

    /// Rows drawn and multiplied at once.
    static let blockRows = 128

    /// Calibrates a fit of at least two classes.
    ///
    /// - Parameters:
    ///   - labels: of the classes with rows.
    ///   - shouldStop: called between blocks of drawn rows.
    /// - Returns: nil if it was asked to stop.
    /// - Throws: `LinearAlgebraError`.
    /// - Complexity: O(C³ + k·C²) for k drawn rows.
    init?(
        _ fit: borrowing DiscriminantFit, _ sums: borrowing DiscriminantSums, _ takes: FalseTakes, labels: [Label], seed: UInt64,
        shouldStop: () -> Bool
    ) throws(LinearAlgebraError) {
        let classes = sums.counts.count
        setCosines(sums.means)
        let draws = Draws(sums.counts)
        var scores = try Matrix(rows: classes, columns: draws.owners.count)
        var margins = try Matrix(rows: classes, columns: draws.owners.count)
        guard try draw(fit, sums, labels: labels, seed: seed, draws, &scores, &margins, shouldStop) else { return nil }
        marginWeights = FalseTakes.marginWeights(counts: sums.counts, deviations: Self.deviations(margins, draws))
        let targets = Self.targets(takes, scores, draws)
        for row in 0..<scores.columns {
            scores.withMutableColumn(row) { scores in
                margins.withColumn(row) { margins in
                    for column in scores.indices { scores[column] += marginWeights[column] * margins[column] }
                }
            }
        }
        var raising = RaisedClasses(scores, draws)
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
        _ fit: borrowing DiscriminantFit, _ sums: borrowing DiscriminantSums, labels: [Label], seed: UInt64, _ draws: Draws,
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
        var noise = try Matrix(rows: 2 * classes, columns: Self.blockRows)
        var wander = try Matrix(rows: classes, columns: Self.blockRows)
        var x = try Matrix(rows: coordinates, columns: Self.blockRows)
        var squares = try Matrix(rows: coordinates, columns: Self.blockRows)
        var products = try Matrix(rows: classes, columns: Self.blockRows)
        var block = try Matrix(rows: classes, columns: Self.blockRows)
        var row = 0
        for (own, first, count) in draws.blocks(of: Self.blockRows) {
            if shouldStop() { return false }
            try noise.reshapeScratch(columns: count)
            try wander.reshapeScratch(columns: count)
            try x.reshapeScratch(columns: count)
            try squares.reshapeScratch(columns: count)
            try products.reshapeScratch(columns: count)
            try block.reshapeScratch(columns: count)
            let source = NormalDraws(seed: seed, label: labels[own])
            for draw in 0..<count {
                noise.withMutableColumn(draw) { source.fill($0, draw: 2 * (first + draw)) }
                wander.withMutableColumn(draw) { source.fill($0, draw: 2 * (first + draw) + 1) }
            }
            // The class's true mean is uncertain, too.
            x.multiply(fit.basis, transposed: true, by: wander)
            for draw in 0..<count {
                x.withMutableColumn(draw) { x in
                    for index in x.indices { x[index] *= fit.uncertainty[index, own].squareRoot() }
                }
            }
            x.multiply(root.toCoordinates, by: noise, beta: 1)
            for draw in 0..<count {
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
            for draw in 0..<count {
                block.withMutableColumn(draw) { for column in $0.indices { $0[column] += bias[column] } }
                products.withMutableColumn(draw) { row in
                    sums.means.withColumn(own) { means in
                        for column in row.indices { row[column] += means[column] }
                    }
                    setMargins(row)
                }
            }
            scores.setColumns(from: row, to: block, columns: 0..<count)
            margins.setColumns(from: row, to: products, columns: 0..<count)
            row += count
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
    private static func deviations(_ margins: borrowing Matrix, _ draws: Draws) -> [Double] {
        var (sums, squares) = ([Double](repeating: 0, count: margins.rows), [Double](repeating: 0, count: margins.rows))
        for row in 0..<margins.columns {
            let weight = draws.weights[draws.owners[row]]
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
    private static func targets(_ takes: FalseTakes, _ scores: borrowing Matrix, _ draws: Draws) -> [Double] {
        var taken = [Double](repeating: 0, count: scores.rows)
        for row in 0..<scores.columns {
            let best = scores.withColumn(row) { scores in scores.indices.max { scores[$0] < scores[$1] } } ?? 0
            if best != draws.owners[row] { taken[best] += draws.weights[draws.owners[row]] }
        }
        return taken.indices.map { max(takes.budgets[$0], taken[$0] / max(1 - draws.weights[$0] * Double(draws.counts[$0]), 1e-300)) }
    }
}
