import Foundation

@testable import AnalyticLearning

/// The discriminant of a stream, from its rows in D dimensions: S built from rows, explicit inverses, symmetric roots by Jacobi's method.
/// Slow, plain, and sharing no code with what it tests except the normal draws.
struct DirectDiscriminant {
    typealias Rows = [[Double]]

    let labels: [Label]
    let counts: [Double]
    let degrees: Double
    /// s·MᵀS⁻¹M.
    let products: Rows
    let inflation: Double
    /// Means [C, D].
    let means: Rows
    private let toCoordinates: Rows
    private let classMeans: Rows
    private let classInverses: [Rows]
    private let logDeterminants: [Double]
    private let middle: [Double]
    private let prior: [Double]
    var offsets: [Double]
    var marginWeights: [Double]

    /// - Parameters:
    ///   - rows: mapped rows.
    ///   - columns: the class of each, −1 for none; each class has rows.
    init(_ rows: Rows, _ columns: [Int], labels: [Label], ridge: Double, falseShare: Double, seed: UInt64) {
        let (classes, width) = (labels.count, rows[0].count)
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
        degrees = Self.trace(Self.multiply(scatter, inverse))
        let freedom = max(n.reduce(0, +) - Double(classes), 1)
        let scale = max(freedom - degrees, 0.02 * freedom)
        inflation = freedom / scale
        let loadings = Self.multiply(means, inverse).map { $0.map { scale * $0 } }
        products = Self.multiply(loadings, Self.transposed(means))
        self.means = means
        self.labels = labels
        counts = n

        // The symmetric root of B makes coordinates that no sign of an eigenvector changes.
        let root = Self.function(products) { 1 / $0.squareRoot() }
        toCoordinates = Self.multiply(root, loadings)
        var fresh = products
        for c in 0..<classes { fresh[c][c] -= degrees / n[c] }
        Self.shrink(&fresh, n, degrees)
        let centers = Self.multiply(fresh, root)
        let weights = n.map { $0 / ($0 + 1) }
        let total = weights.reduce(0, +)
        let middle = (0..<classes).map { j in (0..<classes).reduce(0) { $0 + weights[$1] * centers[$1][j] } / total }
        let noise = n.map { [inflation] in inflation / $0 }
        var between = Rows(repeating: [Double](repeating: 0, count: classes), count: classes)
        for c in 0..<classes {
            for i in 0..<classes {
                for j in 0..<classes { between[i][j] += weights[c] / total * (centers[c][i] - middle[i]) * (centers[c][j] - middle[j]) }
            }
        }
        for i in 0..<classes { between[i][i] += Self.median(noise) }
        var (classMeans, covariances, uncertainties): (Rows, [Rows], [Rows]) = ([], [], [])
        for c in 0..<classes {
            var sum = between
            for i in 0..<classes { sum[i][i] += noise[c] }
            let gain = Self.multiply(between, Self.inverse(sum))
            let difference = zip(centers[c], middle).map { $0 - $1 }
            classMeans.append(gain.map { zip($0, difference).reduce(0) { $0 + $1.0 * $1.1 } })
            var uncertainty = Self.multiply(gain, between)
            for i in 0..<classes { for j in 0..<classes { uncertainty[i][j] = between[i][j] - uncertainty[i][j] } }
            uncertainties.append(uncertainty)
            for i in 0..<classes { uncertainty[i][i] += inflation }
            covariances.append(uncertainty)
        }
        self.middle = middle
        self.classMeans = classMeans
        classInverses = covariances.map(Self.inverse)
        logDeterminants = covariances.map { Self.eigen($0).values.reduce(0) { $0 + log($1) } }
        prior = n.map { log(max($0, Self.median(n))) }
        offsets = [Double](repeating: 0, count: classes)
        marginWeights = offsets
        calibrate(scatter, uncertainties, freedom, falseShare, seed)
    }

    // MARK: Scores

    /// Log-posteriors, up to a constant of the row, in units of the rule's scores.
    func scores(_ row: [Double]) -> [Double] {
        let (densities, margins) = (likelihoods(ofRow: row), margins(row))
        return counts.indices.map { (densities[$0] + offsets[$0] + marginWeights[$0] * margins[$0]) / DiscriminantRule.unit }
    }

    private func coordinates(_ row: [Double]) -> [Double] {
        toCoordinates.enumerated().map { index, axis in zip(axis, row).reduce(0) { $0 + $1.0 * $1.1 } - middle[index] }
    }

    private func likelihoods(_ x: [Double]) -> [Double] {
        counts.indices.map { c in
            let difference = zip(x, classMeans[c]).map { $0 - $1 }
            let distance = zip(difference, classInverses[c]).reduce(0) { sum, pair in
                sum + pair.0 * zip(pair.1, difference).reduce(0) { $0 + $1.0 * $1.1 }
            }
            return -0.5 * (distance + logDeterminants[c]) / 1.5 + prior[c]
        }
    }

    func likelihoods(ofRow row: [Double]) -> [Double] { likelihoods(coordinates(row)) }

    func margins(_ row: [Double]) -> [Double] { margins(products: means.map { zip($0, row).reduce(0) { $0 + $1.0 * $1.1 } }) }

    /// From hᵀm of each class.
    private func margins(products: [Double]) -> [Double] {
        let classes = counts.count
        let middle = (0..<means[0].count).map { i in means.reduce(0) { $0 + $1[i] } / Double(classes) }
        let ofMiddle = products.reduce(0, +) / Double(classes)
        let cosines = means.indices.map { c in
            let direction = zip(means[c], middle).map { $0 - $1 }
            let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return (products[c] - ofMiddle - zip(direction, middle).reduce(0) { $0 + $1.0 * $1.1 }) / length
        }
        return cosines.indices.map { c in cosines[c] - cosines.indices.filter { $0 != c }.map { cosines[$0] }.max()! }
    }

    // MARK: Calibration

    private mutating func calibrate(
        _ scatter: Rows, _ uncertainties: [Rows], _ freedom: Double, _ falseShare: Double, _ seed: UInt64
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
        let sizes = joint.indices.map { joint[$0][$0].squareRoot() }
        for i in joint.indices { for j in joint.indices { joint[i][j] /= sizes[i] * sizes[j] } }
        let root = Self.function(joint) { max($0, 0).squareRoot() }
        let whiten = Self.function(products) { 1 / $0.squareRoot() }
        let stream = counts.reduce(0, +)
        var (own, weights, all, margins): ([Int], [Double], Rows, Rows) = ([], [], [], [])
        for c in 0..<classes {
            let spread = Self.function(uncertainties[c]) { max($0, 0).squareRoot() }
            let source = NormalDraws(seed: seed, label: labels[c])
            let draws = max(8, Int((4000 * (0.5 * counts[c] / stream + 0.5 / Double(classes))).rounded()))
            for draw in 0..<draws {
                var noise = [Double](repeating: 0, count: 2 * classes)
                var wander = [Double](repeating: 0, count: classes)
                noise.withUnsafeMutableBufferPointer { source.fill($0, draw: 2 * draw) }
                wander.withUnsafeMutableBufferPointer { source.fill($0, draw: 2 * draw + 1) }
                let drawn = Self.multiply([noise], root)[0].enumerated().map { $1 * sizes[$0] }
                let x = Self.multiply([Array(drawn[..<classes])], whiten)[0]
                let away = Self.multiply([wander], spread)[0]
                all.append(likelihoods(zip(zip(x, away).map { $0 + $1 }, classMeans[c]).map { $0 + $1 }))
                margins.append(self.margins(products: zip(across[c], drawn[classes...]).map { $0 + $1 }))
                own.append(c)
                weights.append(counts[c] / stream / Double(draws))
            }
        }
        for c in 0..<classes {
            let mean = zip(weights, margins).reduce(0) { $0 + $1.0 * $1.1[c] }
            let square = zip(weights, margins).reduce(0) { $0 + $1.0 * $1.1[c] * $1.1[c] }
            marginWeights[c] = 4 * exp(-counts[c] / 15) / (square - mean * mean).squareRoot()
        }
        var targets = budgets
        for c in poor {
            let others = own.indices.filter { own[$0] != c }
            let taken = others.filter { row in all[row].indices.max { all[row][$0] < all[row][$1] } == c }
            let share = taken.reduce(0) { $0 + weights[$1] } / others.reduce(0) { $0 + weights[$1] }
            targets[c] = max(budgets[c], share)
        }
        for row in all.indices { for c in 0..<classes { all[row][c] += marginWeights[c] * margins[row][c] } }
        for _ in 0..<2 {
            for c in poor {
                let others = own.indices.filter { own[$0] != c }
                let lead = others.map { row in
                    (all[row][c] - (0..<classes).filter { $0 != c }.map { all[row][$0] + offsets[$0] }.max()!, weights[row])
                }.sorted { $0.0 > $1.0 }
                let total = lead.reduce(0) { $0 + $1.1 }
                var (sum, place) = (0.0, 0)
                while place < lead.count - 1, (sum + lead[place].1) / total <= targets[c] + 1e-12 {
                    sum += lead[place].1
                    place += 1
                }
                offsets[c] = -(lead[place].0 + lead[max(place - 1, 0)].0) / 2
            }
        }
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

// Small matrices as rows.
extension DirectDiscriminant {
    static func multiply(_ a: Rows, _ b: Rows) -> Rows {
        a.map { row in
            var result = [Double](repeating: 0, count: b[0].count)
            for (value, other) in zip(row, b) where value != 0 { for j in result.indices { result[j] += value * other[j] } }
            return result
        }
    }

    static func transposed(_ a: Rows) -> Rows { a[0].indices.map { j in a.map { $0[j] } } }

    static func trace(_ a: Rows) -> Double { a.indices.reduce(0) { $0 + a[$1][$1] } }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// By Gauss-Jordan elimination with pivoting.
    static func inverse(_ a: Rows) -> Rows {
        let n = a.count
        var rows = a.indices.map { i in a[i] + (0..<n).map { $0 == i ? 1 : 0 } }
        for k in 0..<n {
            rows.swapAt(k, (k..<n).max { abs(rows[$0][k]) < abs(rows[$1][k]) }!)
            let pivot = rows[k][k]
            rows[k] = rows[k].map { $0 / pivot }
            for i in 0..<n where i != k {
                let factor = rows[i][k]
                for j in 0..<(2 * n) { rows[i][j] -= factor * rows[k][j] }
            }
        }
        return rows.map { Array($0[n...]) }
    }

    /// f of a symmetric matrix.
    static func function(_ a: Rows, _ f: (Double) -> Double) -> Rows {
        let (values, vectors) = eigen(a)
        return multiply(vectors.map { zip($0, values).map { $0 * f($1) } }, transposed(vectors))
    }

    /// Eigenvalues and eigenvectors (in columns) by Jacobi's rotations.
    static func eigen(_ a: Rows) -> (values: [Double], vectors: Rows) {
        let n = a.count
        var a = a
        var v: Rows = a.indices.map { i in (0..<n).map { $0 == i ? 1 : 0 } }
        for _ in 0..<60 {
            for p in 0..<n {
                for q in (p + 1)..<max(n, p + 1) where a[p][q] != 0 {
                    let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
                    let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
                    let c = 1 / (t * t + 1).squareRoot()
                    let s = t * c
                    for k in 0..<n { (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]) }
                    for k in 0..<n { (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]) }
                    for k in 0..<n { (v[k][p], v[k][q]) = (c * v[k][p] - s * v[k][q], s * v[k][p] + c * v[k][q]) }
                    (a[p][q], a[q][p]) = (0, 0)
                }
            }
            if (0..<n).allSatisfy({ i in (0..<n).allSatisfy { i == $0 || abs(a[i][$0]) < 1e-30 } }) { break }
        }
        return (a.indices.map { a[$0][$0] }, v)
    }
}
