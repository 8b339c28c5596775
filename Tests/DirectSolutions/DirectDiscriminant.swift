internal import Glibc

/// The discriminant of a stream, from its rows in D dimensions: S built from rows, explicit inverses, symmetric roots by Jacobi's method.
/// Slow, plain, and sharing no code with what it tests. The normal draws of its calibration are handed in.
public struct DirectDiscriminant {
    /// A matrix.
    public typealias Rows = [[Double]]
    /// The first components of a draw for a class: its column, the number of the draw, and how many components.
    public typealias Draws = (_ column: Int, _ draw: Int, _ count: Int) -> [Double]

    /// What log-posteriors are divided by to become scores.
    public static let unit = 16.0

    private let counts: [Double]
    private let degrees: Double
    /// s·MᵀS⁻¹M.
    private let products: Rows
    private let inflation: Double
    /// Means [C, D].
    private let means: Rows
    /// From rows to coordinates [r, D].
    private let toCoordinates: Rows
    /// Orthonormal axes in the space of the classes [C, r], and from products with S⁻¹M to coordinates [C, r].
    private let axes: Rows
    private let whiten: Rows
    private let classMeans: Rows
    private let gaussians: [Gaussian]
    private let middle: [Double]
    private let prior: [Double]
    private var offsets: [Double]
    private var marginWeights: [Double]
    private let directions: Directions

    /// How well the scores are determined by the rows.
    public struct Condition {
        /// The trace of S + λI times that of its inverse: at least its condition number.
        public let scatter: Double
        /// 1 + tr NM'(S + λI)⁻¹M: at least the condition number of N − K, in units of N.
        public let classes: Double
        /// tr S(S + λI)⁻¹, relative to D.
        public let freedom: Double
        /// The least eigenvalue of M'S⁻¹M that makes a coordinate, relative to the largest.
        public let kept: Double
        /// The largest that makes none, likewise.
        public let dropped: Double
        /// The smallest class mean's square relative to the largest: under S⁻¹, and in the scatter.
        public let sizes: Double
    }
    /// How well the scores are determined.
    public let condition: Condition

    /// - Parameters:
    ///   - rows: mapped rows.
    ///   - columns: the class of each, −1 for none; each class has rows.
    ///   - classes: C ≥ 2.
    /// - Returns: nil if no class mean differs from zero, or the scatter has no inverse.
    public init?(_ rows: Rows, _ columns: [Int], classes: Int, ridge: Double, falseShare: Double, draws: Draws) {
        let width = rows[0].count
        var means = Rows(repeating: [Double](repeating: 0, count: width), count: classes)
        var n = [Double](repeating: 0, count: classes)
        for (row, column) in zip(rows, columns) where column >= 0 {
            n[column] += 1
            for i in row.indices { means[column][i] += row[i] }
        }
        for column in 0..<classes { means[column] = means[column].map { $0 / n[column] } }
        var scatter = Rows(repeating: [Double](repeating: 0, count: width), count: width)
        for (row, column) in zip(rows, columns) {
            let x = column < 0 ? row : zip(row, means[column]).map { $0 - $1 }
            for i in 0..<width { for j in 0..<width { scatter[i][j] += x[i] * x[j] } }
        }
        var regular = scatter
        for i in 0..<width { regular[i][i] += ridge }
        let inverse = Self.inverse(regular)
        guard inverse.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return nil }
        degrees = Self.trace(Self.multiply(scatter, inverse))
        let freedom = max(n.reduce(0, +) - Double(classes), 1)
        let scale = max(freedom - degrees, 0.02 * freedom)
        inflation = freedom / scale
        let loadings = Self.multiply(means, inverse).map { $0.map { scale * $0 } }
        let products = Self.multiply(loadings, Self.transposed(means))
        self.products = products
        self.means = means
        counts = n

        // x = aEL^-½ has covariance φI. Nothing below depends on the signs of the axes E.
        let (lengths, vectors) = Self.eigen(products)
        guard let longest = lengths.max(), longest > 0, longest.isFinite else { return nil }
        let places = lengths.indices.filter { lengths[$0] > 1e-9 * longest }
        let axes = vectors.map { row in places.map { row[$0] } }
        let whiten = axes.map { row in zip(row, places).map { $0 / lengths[$1].squareRoot() } }
        (self.axes, self.whiten) = (axes, whiten)
        let between = n.indices.reduce(0) { $0 + n[$1] * products[$1][$1] } / scale
        condition = Condition(
            scatter: Self.trace(regular) * Self.trace(inverse), classes: 1 + between, freedom: degrees / Double(width),
            kept: places.map { lengths[$0] / longest }.min() ?? 1,
            dropped: lengths.map { $0 / longest }.filter { $0 <= 1e-9 }.max() ?? 0,
            sizes: min(Self.evenness(products), Self.evenness(Self.multiply(Self.multiply(means, scatter), Self.transposed(means)))))
        toCoordinates = Self.multiply(Self.transposed(whiten), loadings)
        var fresh = products
        for c in 0..<classes { fresh[c][c] -= degrees / n[c] }
        Self.shrink(&fresh, n, degrees)
        let centers = Self.multiply(fresh, whiten)
        let rank = places.count
        let weights = n.map { $0 / ($0 + 1) }
        let total = weights.reduce(0, +)
        let middle = (0..<rank).map { j in (0..<classes).reduce(0) { $0 + weights[$1] * centers[$1][j] } / total }
        let noise = n.map { [inflation] in inflation / $0 }
        var spread = Rows(repeating: [Double](repeating: 0, count: rank), count: rank)
        for c in 0..<classes {
            for i in 0..<rank {
                for j in 0..<rank { spread[i][j] += weights[c] / total * (centers[c][i] - middle[i]) * (centers[c][j] - middle[j]) }
            }
        }
        for i in 0..<rank { spread[i][i] += Self.median(noise) }
        var (classMeans, gaussians, uncertainties): (Rows, [Gaussian], [Rows]) = ([], [], [])
        for c in 0..<classes {
            var sum = spread
            for i in 0..<rank { sum[i][i] += noise[c] }
            let gain = Self.multiply(spread, Self.inverse(sum))
            let difference = zip(centers[c], middle).map { $0 - $1 }
            classMeans.append(gain.map { zip($0, difference).reduce(0) { $0 + $1.0 * $1.1 } })
            var uncertainty = Self.multiply(gain, spread)
            for i in 0..<rank { for j in 0..<rank { uncertainty[i][j] = spread[i][j] - uncertainty[i][j] } }
            uncertainties.append(uncertainty)
            for i in 0..<rank { uncertainty[i][i] += inflation }
            gaussians.append(Gaussian(mean: classMeans[c], covariance: uncertainty))
        }
        self.middle = middle
        self.classMeans = classMeans
        self.gaussians = gaussians
        prior = n.map { log(max($0, Self.median(n))) }
        directions = Directions(means)
        offsets = [Double](repeating: 0, count: classes)
        marginWeights = offsets
        calibrate(scatter, uncertainties, freedom, falseShare, draws)
    }

    // MARK: Scores

    /// Log-posteriors in units of the rule's scores, as they are after some of the classes were deleted.
    ///
    /// - Parameter columns: those that are left; nil stands for all.
    public func scores(_ row: [Double], of columns: [Int]? = nil) -> [Double] {
        let columns = columns ?? Array(counts.indices)
        let densities = likelihoods(coordinates(row))
        let cosines = directions.cosines(products: means.map { zip($0, row).reduce(0) { $0 + $1.0 * $1.1 } })
        let margins = Directions.margins(columns.map { cosines[$0] })
        return columns.enumerated().map { place, c in
            // One class has nothing to be nearer than.
            (densities[c] + offsets[c] + (columns.count > 1 ? marginWeights[c] * margins[place] : 0)) / Self.unit
        }
    }

    /// How far rounding in a row's components may move its scores, to first order.
    ///
    /// - Parameter error: how far each component's products may be off, relative to the component.
    public func rounding(_ row: [Double], error: Double) -> Double {
        let length = Self.length(row)
        let x = coordinates(row)
        let step = error * (Self.length(toCoordinates.flatMap { $0 }) * length + Self.length(middle))
        let reach = classMeans.map { mean in Self.length(zip(x, mean).map { $0 - $1 }) }.max() ?? 0
        let byDistance = (reach + step) * step / (1.5 * inflation)
        let farthest = directions.centers.map { abs($0) }.max() ?? 0
        let byCosines = 4 * (marginWeights.max() ?? 0) * error * (length + farthest)
        return (byDistance + byCosines) / Self.unit
    }

    /// The least element of a diagonal relative to the largest.
    private static func evenness(_ a: Rows) -> Double {
        let diagonal = a.indices.map { a[$0][$0] }
        return diagonal.min()! / max(diagonal.max()!, .leastNonzeroMagnitude)
    }

    private static func length(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

    private func coordinates(_ row: [Double]) -> [Double] {
        toCoordinates.enumerated().map { index, axis in zip(axis, row).reduce(0) { $0 + $1.0 * $1.1 } - middle[index] }
    }

    private func likelihoods(_ x: [Double]) -> [Double] { counts.indices.map { gaussians[$0].logarithm(x) / 1.5 + prior[$0] } }

    // MARK: Calibration

    private mutating func calibrate(
        _ scatter: Rows, _ uncertainties: [Rows], _ freedom: Double, _ falseShare: Double, _ draws: Draws
    ) {
        let classes = counts.count
        let typical = Self.median(counts)
        var budgets = counts.map { falseShare * exp(-$0 / 15) * max(0, 1 - $0 / typical) }
        let factor = min(1, 3 * falseShare / max(budgets.reduce(0, +), 1e-9))
        budgets = budgets.map { $0 * factor }
        let poor = budgets.indices.filter { budgets[$0] > 2e-4 }
        guard !poor.isEmpty || counts.min()! < 75 else { return }
        let across = Self.multiply(means, Self.transposed(means))
        let within = Self.multiply(Self.multiply(means, scatter.map { $0.map { $0 / freedom } }), Self.transposed(means))
        var joint = Rows(repeating: [Double](repeating: 0, count: 2 * classes), count: 2 * classes)
        for i in 0..<classes {
            for j in 0..<classes {
                joint[i][j] = inflation * products[i][j]
                joint[i][classes + j] = across[i][j]
                joint[classes + i][j] = across[i][j]
                joint[classes + i][classes + j] = within[i][j]
            }
        }
        let sizes = joint.indices.map { max(joint[$0][$0], 1e-300).squareRoot() }
        for i in joint.indices { for j in joint.indices { joint[i][j] /= sizes[i] * sizes[j] } }
        let root = Self.function(joint) { max($0, 0).squareRoot() }
        // From 2C normal values to coordinates, and to products with the class means.
        let scaled = sizes.indices.map { column in root.map { $0[column] * sizes[column] } }
        let toX = Self.multiply(Self.transposed(whiten), Array(scaled[..<classes]))
        let toProducts = Array(scaled[classes...])
        let stream = counts.reduce(0, +)
        var (own, weights, all, margins): ([Int], [Double], Rows, Rows) = ([], [], [], [])
        let drawn = Double(max(4000, min(64 * classes, 8000)))
        for c in 0..<classes {
            let spread = Self.multiply(Self.function(uncertainties[c]) { max($0, 0).squareRoot() }, Self.transposed(axes))
            let count = max(8, Int((drawn * (0.5 * counts[c] / stream + 0.5 / Double(classes))).rounded()))
            for draw in 0..<count {
                let noise = draws(c, 2 * draw, 2 * classes)
                let wander = draws(c, 2 * draw + 1, classes)
                var x = classMeans[c]
                Self.add(toX, times: noise, to: &x)
                Self.add(spread, times: wander, to: &x)
                var products = across[c]
                Self.add(toProducts, times: noise, to: &products)
                all.append(likelihoods(x))
                margins.append(Directions.margins(directions.cosines(products: products)))
                own.append(c)
                weights.append(counts[c] / stream / Double(count))
            }
        }
        for c in 0..<classes {
            var (mean, square) = (0.0, 0.0)
            for (weight, row) in zip(weights, margins) {
                mean += weight * row[c]
                square += weight * row[c] * row[c]
            }
            let deviation = max(square - mean * mean, 0).squareRoot()
            marginWeights[c] = deviation > 0 ? 4 * exp(-counts[c] / 15) / deviation : 0
        }
        var targets = budgets
        for c in poor {
            let others = own.indices.filter { own[$0] != c }
            let taken = others.filter { row in Self.best(all[row], 0..<classes) == c }
            let share = taken.reduce(0) { $0 + weights[$1] } / others.reduce(0) { $0 + weights[$1] }
            targets[c] = max(budgets[c], share)
        }
        for row in all.indices { for c in 0..<classes { all[row][c] += marginWeights[c] * margins[row][c] } }
        for _ in 0..<2 {
            for c in poor {
                let rivals = (0..<classes).filter { $0 != c }
                var lead: [(margin: Double, weight: Double)] = []
                for row in own.indices where own[row] != c {
                    let scores = zip(all[row], offsets).map { $0 + $1 }
                    lead.append((all[row][c] - scores[Self.best(scores, rivals)], weights[row]))
                }
                lead.sort { $0.margin > $1.margin }
                let total = lead.reduce(0) { $0 + $1.weight }
                var (sum, place) = (0.0, 0)
                while place < lead.count - 1, (sum + lead[place].weight) / total <= targets[c] + 1e-12 {
                    sum += lead[place].weight
                    place += 1
                }
                offsets[c] = -(lead[place].margin + lead[max(place - 1, 0)].margin) / 2
            }
        }
    }

    /// The column of the largest value.
    private static func best(_ scores: [Double], _ columns: some Sequence<Int>) -> Int {
        var best = -1
        for column in columns where best < 0 || scores[column] > scores[best] { best = column }
        return best
    }

    private static func shrink(_ fresh: inout Rows, _ n: [Double], _ degrees: Double) {
        let classes = n.count
        let q = n.map { $0 / ($0 + 1) }
        let total = q.reduce(0, +)
        let sizes = (0..<classes).map { c in
            let e = (0..<classes).map { ($0 == c ? 1.0 : 0) - q[$0] / total }
            return zip(e, multiply(fresh, e.map { [$0] })).reduce(0) { $0 + $1.0 * $1.1[0] }
        }
        let typical = max(zip(n, sizes).reduce(0) { $0 + $1.0 * $1.0 * $1.1 } / n.reduce(0) { $0 + $1 * $1 }, 0)
        let noise = n.map { 2 * degrees / ($0 * $0) + 4 * typical / $0 + 1e-12 }
        var k = noise.map { 1 / $0 }
        var mu = zip(k, sizes).reduce(0) { $0 + $1.0 * $1.1 } / k.reduce(0, +)
        let heterogeneity = zip(k, sizes).reduce(0) { $0 + $1.0 * ($1.1 - mu) * ($1.1 - mu) } - Double(classes - 1)
        let tau = max(heterogeneity / (k.reduce(0, +) - k.reduce(0) { $0 + $1 * $1 } / k.reduce(0, +)), 0)
        k = noise.map { 1 / ($0 + tau) }
        mu = max(zip(k, sizes).reduce(0) { $0 + $1.0 * $1.1 } / k.reduce(0, +), 0)
        for c in 0..<classes { fresh[c][c] -= (sizes[c] - mu) * noise[c] / (noise[c] + tau) }
    }
}

/// The directions of the class means from their mean.
private struct Directions {
    private let lengths: [Double]
    let centers: [Double]

    init(_ means: DirectDiscriminant.Rows) {
        let middle = means[0].indices.map { i in means.reduce(0) { $0 + $1[i] } / Double(means.count) }
        let directions = means.map { zip($0, middle).map { $0 - $1 } }
        lengths = directions.map { direction in direction.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        centers = zip(directions, lengths).map { direction, length in
            zip(direction, middle).reduce(0) { $0 + $1.0 * $1.1 } / length
        }
    }

    /// A row's cosines, times its length, from hᵀm of each class.
    func cosines(products: [Double]) -> [Double] {
        let middle = products.reduce(0, +) / Double(products.count)
        return products.indices.map { (products[$0] - middle) / lengths[$0] - centers[$0] }
    }

    /// Each value less the largest of the others.
    static func margins(_ values: [Double]) -> [Double] {
        guard values.count > 1 else { return values }
        let sorted = values.sorted()
        let (first, second) = (sorted[sorted.count - 1], sorted[sorted.count - 2])
        return values.map { $0 - ($0 == first ? second : first) }
    }
}
