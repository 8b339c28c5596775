internal import LinearAlgebra

/// Raises classes, one after another, until each takes a given share of the drawn rows of the others.
struct RaisedClasses {
    /// How far each class is raised.
    private(set) var offsets: [Double]
    private let draws: DiscriminantCalibration.Draws
    /// The two best classes of each row, raised classes included.
    private var leaders: [Leaders] = []
    private var margins: [(margin: Double, weight: Double)] = []

    private struct Leaders {
        var (first, second) = (-1, -1)
        var (best, other) = (-Double.infinity, -Double.infinity)

        mutating func insert(_ column: Int, _ score: Double) {
            if score > best {
                (second, other) = (first, best)
                (first, best) = (column, score)
            } else if score > other {
                (second, other) = (column, score)
            }
        }
    }

    /// - Parameter scores: of the drawn rows [C×n].
    init(_ scores: borrowing Matrix, _ draws: DiscriminantCalibration.Draws) {
        offsets = [Double](repeating: 0, count: scores.rows)
        self.draws = draws
        leaders.reserveCapacity(scores.columns)
        for row in 0..<scores.columns { leaders.append(lead(scores, row)) }
    }

    private func lead(_ scores: borrowing Matrix, _ row: Int) -> Leaders {
        var leaders = Leaders()
        scores.withColumn(row) { scores in
            for column in scores.indices { leaders.insert(column, scores[column] + offsets[column]) }
        }
        return leaders
    }

    /// Raises a class, or lowers it, until it takes this share of the others' rows.
    ///
    /// - Complexity: O(n·log n), and O(C) more for each row that the class leads, or led.
    mutating func raise(_ column: Int, until share: Double, _ scores: borrowing Matrix) {
        margins.removeAll(keepingCapacity: true)
        var total = 0.0
        for row in leaders.indices where draws.owners[row] != column {
            let other = leaders[row].first == column ? leaders[row].other : leaders[row].best
            let weight = draws.weights[draws.owners[row]]
            margins.append((scores[column, row] - other, weight))
            total += weight
        }
        guard total > 0 else { return }
        margins.sort { $0.margin > $1.margin }
        var (place, sum) = (0, 0.0)
        while place < margins.count - 1 {
            sum += margins[place].weight / total
            guard sum <= share + 1e-12 else { break }
            place += 1
        }
        offsets[column] = -(margins[place].margin + margins[max(place - 1, 0)].margin) / 2
        for row in leaders.indices {
            if leaders[row].first == column || leaders[row].second == column {
                leaders[row] = lead(scores, row)
            } else {
                leaders[row].insert(column, scores[column, row] + offsets[column])
            }
        }
    }
}
