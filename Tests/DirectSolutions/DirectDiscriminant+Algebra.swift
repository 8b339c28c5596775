// Small matrices as rows.
extension DirectDiscriminant {
    static func multiply(_ a: Rows, _ b: Rows) -> Rows {
        a.map { row in
            var result = [Double](repeating: 0, count: b[0].count)
            for (value, other) in zip(row, b) where value != 0 { for j in result.indices { result[j] += value * other[j] } }
            return result
        }
    }

    /// y ← y + Ax, without allocation: it is called for each drawn row.
    static func add(_ a: Rows, times x: [Double], to y: inout [Double]) {
        x.withUnsafeBufferPointer { x in
            for (i, row) in a.enumerated() {
                y[i] += row.withUnsafeBufferPointer { row in
                    var (sum, j) = (0.0, 0)
                    while j < x.count {
                        sum += row[j] * x[j]
                        j += 1
                    }
                    return sum
                }
            }
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
            for i in 0..<n where i != k && rows[i][k] != 0 {
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
        // Below this an element moves no eigenvalue by an ulp of the largest.
        let least = 1e-3 * .ulpOfOne * (a.indices.map { abs(a[$0][$0]) }.max() ?? 0)
        for _ in 0..<60 {
            var isDone = true
            for p in 0..<n {
                for q in (p + 1)..<max(n, p + 1) where abs(a[p][q]) > least {
                    isDone = false
                    let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
                    let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
                    let c = 1 / (t * t + 1).squareRoot()
                    let s = t * c
                    for k in 0..<n { (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]) }
                    for k in 0..<n { (v[k][p], v[k][q]) = (c * v[k][p] - s * v[k][q], s * v[k][p] + c * v[k][q]) }
                    for k in 0..<n { (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]) }
                    (a[p][q], a[q][p]) = (0, 0)
                }
            }
            if isDone { break }
        }
        return (a.indices.map { a[$0][$0] }, v)
    }
}
