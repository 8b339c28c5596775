internal import Glibc
internal import LinearAlgebra

/// Coordinates in which each class is a Gaussian with a known mean and a diagonal covariance: probabilistic linear discriminant analysis
/// (Ioffe 2006; Prince and Elder 2007) from C×C sums alone.
///
/// With K = QᵀW, the Schur complement N − K is positive definite, and P = (N − K)⁻¹ has all inner products under the scatter
/// within the classes, S = G − QN⁻¹Qᵀ + λI:
///
///     S⁻¹M = WP          m_iᵀS⁻¹m_j = P_ij − δ_ij/n_i          tr (S−λI)S⁻¹ = D − λ(tr R + tr PWᵀW)
///
/// 1. **Whitening.** a_c = s·hᵀS⁻¹m_c, with s = ν − degrees, follows from the row's plain scores. Given class b, a fresh row has
///    mean Γ_b = (B − diag(degrees/n))_b: a class's own rows sit in its own mean. Its covariance is φB, φ = ν/s: S was estimated. The
///    squared distance of each mean is shrunk by empirical Bayes (DerSimonian and Laird 1986), because in a class of few rows it is noise.
/// 2. **Scores.** Class means are N(m₀, Σ_b), with Σ_b from all classes weighted n/(n+1). A row's score is its posterior predictive
///    likelihood, tempered, times the prior max(n, median n).
struct DiscriminantFit: ~Copyable {
    /// tr (S−λI)S⁻¹, the effective number of dimensions.
    let degrees: Double
    /// φ.
    let inflation: Double
    /// B = s·MᵀS⁻¹M [C×C].
    let products: Matrix
    /// The map from a to x less m₀, TE [C×r].
    let whitening: Matrix
    /// An orthonormal basis of x in the space of the classes [C×r].
    let basis: Matrix
    /// The map from plain scores, s·PTE [C×r].
    let map: Matrix
    /// m₀ [r].
    let center: [Double]
    /// The posterior means of the classes [r×C].
    let mean: Matrix
    /// The variances of their means [r×C].
    let uncertainty: Matrix
    /// The logarithm of the prior [C].
    let prior: [Double]

    /// r.
    var coordinates: Int { center.count }

    /// Likelihoods are raised to 1/1.5: rows are no Gaussians.
    static let temperature = 1.5
    /// Above this condition number of N − K (scaled by N, so that classes may differ in size) its inverse has lost too many digits.
    static let largestCondition = 1e10
    /// Eigenvalues of B below this share of the largest are no directions.
    private static let leastShare = 1e-9

    /// The variance of a row of a class in each coordinate, [r×C].
    func variance(_ coordinate: Int, _ column: Int) -> Double { inflation + uncertainty[coordinate, column] }

    /// Fits a discriminant to the sums of at least two classes.
    ///
    /// - Returns: nil if N − K has no inverse with enough digits, or no class mean differs from zero.
    /// - Throws: `LinearAlgebraError`.
    /// - Complexity: O(C³).
    init?(_ sums: borrowing DiscriminantSums) throws(LinearAlgebraError) {
        let (n, classes) = (sums.counts, sums.counts.count)
        var solver = try SymmetricEigensolver(largestOrder: classes)
        // N^-½KN^-½ has eigenvalues κ from 0 to 1; with its eigenvectors U, P = N^-½U·1/(1−κ)·UᵀN^-½, and P − N⁻¹ has
        // κ/(1−κ) instead: nothing cancels.
        let roots = n.map { $0.squareRoot() }
        var vectors = try sums.readout.copied()
        for column in 0..<classes {
            for row in 0..<classes { vectors[row, column] /= roots[row] * roots[column] }
        }
        guard vectors.isFinite else { return nil }
        try solver.decompose(&vectors)
        let shares = solver.values[..<classes].map { max($0, 0) }
        guard 1 - shares[classes - 1] >= 1 / Self.largestCondition else { return nil }
        for column in 0..<classes {
            vectors.withMutableColumn(column) { values in
                for row in values.indices { values[row] /= roots[row] }
            }
        }
        let transposed = try vectors.transposed()
        let inverse = try Matrix.product(ofTransposed: transposed, shares.map { 1 / (1 - $0) })
        var trace = sums.inverseTrace
        for column in 0..<classes {
            for row in 0..<classes { trace += inverse[row, column] * sums.weights[row, column] }
        }
        let degrees = sums.width - sums.ridge * trace
        let freedom = sums.freedom
        let scale = max(freedom - degrees, 0.02 * freedom)
        let inflation = freedom / scale
        let products = try Matrix.product(ofTransposed: transposed, shares.map { scale * $0 / (1 - $0) })
        var fresh = try products.copied()
        for column in 0..<classes { fresh[column, column] -= degrees / n[column] }
        Self.shrink(&fresh, counts: n, degrees: degrees)

        // x = aT has covariance φI.
        var axes = try products.copied()
        try solver.decompose(&axes)
        let lengths = Array(solver.values[..<classes])
        guard let longest = lengths.last, longest.isFinite, longest > 0 else { return nil }
        let first = lengths.firstIndex { $0 > Self.leastShare * longest } ?? classes
        let rank = classes - first
        guard rank > 0 else { return nil }
        var kept = try Matrix(rows: classes, columns: rank)
        kept.setColumns(from: 0, to: axes, columns: first..<classes)
        var white = try kept.copied()
        for column in 0..<rank { white.scaleColumn(column, by: 1 / lengths[first + column].squareRoot()) }

        // The means of fresh rows, less their weighted mean; then the axes of the covariance between the classes.
        var means = try Matrix(rows: classes, columns: rank)
        means.multiply(fresh, by: white)
        let (weights, noise) = (n.map { $0 / ($0 + 1) }, n.map { inflation / $0 })
        let total = weights.reduce(0, +)
        var middle = [Double](repeating: 0, count: rank)
        for column in 0..<rank {
            means.withMutableColumn(column) { values in
                var sum = 0.0
                for row in values.indices { sum += weights[row] * values[row] }
                middle[column] = sum / total
                for row in values.indices { values[row] -= middle[column] }
            }
        }
        var weighted = try means.copied()
        for column in 0..<rank {
            weighted.withMutableColumn(column) { values in
                for row in values.indices { values[row] *= (weights[row] / total).squareRoot() }
            }
        }
        var between = try Matrix(rows: rank, columns: rank)
        between.multiply(weighted, transposed: true, by: weighted)
        let typicalNoise = FalseTakes.median(noise)
        for index in 0..<rank { between[index, index] += typicalNoise }
        guard between.isFinite else { return nil }
        try solver.decompose(&between)
        let spreads = solver.values

        let whitening = try Self.multiply(white, between)
        let basis = try Self.multiply(kept, between)
        var map = try Self.multiply(inverse, whitening)
        map.scale(by: scale)
        let center = (0..<rank).map { column in between.withColumn(column) { axis in zip(axis, middle).reduce(0) { $0 + $1.0 * $1.1 } } }
        let turned = try Self.multiply(means, between)
        var mean = try Matrix(rows: rank, columns: classes)
        var uncertainty = try Matrix(rows: rank, columns: classes)
        for column in 0..<classes {
            for index in 0..<rank {
                let spread = spreads[index]
                mean[index, column] = turned[column, index] * spread / (spread + noise[column])
                uncertainty[index, column] = spread * noise[column] / (spread + noise[column])
            }
        }
        guard map.isFinite, mean.isFinite, uncertainty.isFinite else { return nil }
        self.degrees = degrees
        self.inflation = inflation
        self.products = products
        self.whitening = whitening
        self.basis = basis
        self.center = center
        self.map = map
        self.mean = mean
        self.uncertainty = uncertainty
        let typical = FalseTakes.median(n)
        prior = n.map { log(max($0, typical)) }
    }

    private static func multiply(_ a: borrowing Matrix, _ b: borrowing Matrix) throws(LinearAlgebraError) -> Matrix {
        var result = try Matrix(rows: a.rows, columns: b.columns)
        result.multiply(a, by: b)
        return result
    }

    /// Shrinks the squared distance of each class mean from their weighted mean to the typical one, by how uncertain it is.
    ///
    /// - Parameters:
    ///   - fresh: Γ [C×C]; its diagonal changes.
    ///   - n: n_c.
    private static func shrink(_ fresh: inout Matrix, counts n: [Double], degrees: Double) {
        let classes = n.count
        var q = n.map { $0 / ($0 + 1) }
        let total = q.reduce(0, +)
        for index in q.indices { q[index] /= total }
        // diag((I − 1qᵀ)Γ(I − q1ᵀ)).
        let toMiddle = (0..<classes).map { column in fresh.withColumn(column) { zip($0, q).reduce(0) { $0 + $1.0 * $1.1 } } }
        let middle = zip(toMiddle, q).reduce(0) { $0 + $1.0 * $1.1 }
        let sizes = (0..<classes).map { fresh[$0, $0] - 2 * toMiddle[$0] + middle }
        let squares = n.reduce(0) { $0 + $1 * $1 }
        let typical = max(zip(n, sizes).reduce(0) { $0 + $1.0 * $1.0 * $1.1 } / squares, 0)
        let noise = n.map { 2 * degrees / ($0 * $0) + 4 * typical / $0 + 1e-12 }
        func average(_ weights: [Double]) -> Double {
            zip(weights, sizes).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
        }
        let weights = noise.map { 1 / $0 }
        let (sum, squaredWeights) = (weights.reduce(0, +), weights.reduce(0) { $0 + $1 * $1 })
        let mean = average(weights)
        let spread = zip(weights, sizes).reduce(0) { $0 + $1.0 * ($1.1 - mean) * ($1.1 - mean) } - Double(classes - 1)
        let room = sum - squaredWeights / sum
        let between = room > 0 ? max(spread / room, 0) : 0
        let size = max(average(noise.map { 1 / ($0 + between) }), 0)
        for column in 0..<classes {
            fresh[column, column] -= (sizes[column] - size) * noise[column] / (noise[column] + between)
        }
    }
}
