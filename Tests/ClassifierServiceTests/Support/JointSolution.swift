/// Ridge regression on one-hot targets over all rows at once, in plain loops: the reference for the service.
struct JointSolution {
    /// Labels in order of appearance.
    private(set) var labels: [String] = []
    private let ridge: Double
    /// H and its labels, row by row.
    private var rows: [[Double]] = []
    private var columns: [Int] = []

    init(ridge: Double) { self.ridge = ridge }

    var samples: Int { rows.count }

    mutating func learn(_ rows: [[Double]], _ labels: [String]) {
        for (row, label) in zip(rows, labels) {
            let column = self.labels.firstIndex(of: label) ?? self.labels.count
            if column == self.labels.count { self.labels.append(label) }
            self.rows.append(row)
            columns.append(column)
        }
    }

    /// W [D][C]: (HᵀH + λI) W = HᵀY by Gauss's elimination with pivots.
    func weights() -> [[Double]] {
        let width = rows[0].count
        let total = width + labels.count
        var system = [[Double]](repeating: [Double](repeating: 0, count: total), count: width)
        for (row, column) in zip(rows, columns) {
            for i in 0..<width {
                for j in 0..<width { system[i][j] += row[i] * row[j] }
                system[i][width + column] += row[i]
            }
        }
        for i in 0..<width { system[i][i] += ridge }
        for pivot in 0..<width {
            let best = (pivot..<width).max { abs(system[$0][pivot]) < abs(system[$1][pivot]) }!
            system.swapAt(pivot, best)
            for i in (pivot + 1)..<max(width, pivot + 1) where system[i][pivot] != 0 {
                let factor = system[i][pivot] / system[pivot][pivot]
                for j in pivot..<total { system[i][j] -= factor * system[pivot][j] }
            }
        }
        for pivot in (0..<width).reversed() {
            for j in width..<total {
                var sum = system[pivot][j]
                for i in (pivot + 1)..<max(width, pivot + 1) { sum -= system[pivot][i] * system[i][j] }
                system[pivot][j] = sum / system[pivot][pivot]
            }
        }
        return system.map { Array($0[width...]) }
    }

    /// The share of rows whose label the weights choose; the first of equal scores.
    func accuracy(_ rows: [[Double]], _ labels: [String]) -> Double? {
        guard !self.labels.isEmpty else { return nil }
        let weights = weights()
        var correct = 0
        for (row, label) in zip(rows, labels) {
            let scores = self.labels.indices.map { column in zip(row, weights).reduce(0) { $0 + $1.0 * $1.1[column] } }
            let best = scores.indices.max { scores[$0] < scores[$1] || (scores[$0] == scores[$1] && $0 > $1) }!
            if self.labels[best] == label { correct += 1 }
        }
        return Double(correct) / Double(rows.count)
    }

    /// ‖W − other‖ / ‖W‖ in the Frobenius norm, for other weights [D, C] row-major in another order of labels.
    func relativeDifference(from other: [Double], labels order: [String]) -> Double {
        let weights = weights()
        guard Set(order) == Set(labels), order.count == labels.count, other.count == weights.count * order.count else { return .infinity }
        var difference = 0.0
        var norm = 0.0
        for (place, label) in order.enumerated() {
            let column = labels.firstIndex(of: label)!
            for row in weights.indices {
                let delta = other[row * order.count + place] - weights[row][column]
                difference += delta * delta
                norm += weights[row][column] * weights[row][column]
            }
        }
        return (difference / norm).squareRoot()
    }
}
