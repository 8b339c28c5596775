public import LinearAlgebra

/// Per class the mean and the centred second moment of x, componentwise.
///
/// They are merged by Chan's formula (Chan, Golub, LeVeque 1979), never as E[x²]−E[x]²: that cancels when the mean is large.
public struct ClassMoments: ~Copyable {
    /// μ [d×C].
    public private(set) var mean: Matrix
    /// M2 [d×C]: Σ (x−μ)².
    public private(set) var m2: Matrix
    private var batchMean: [Double]
    private var batchM2: [Double]

    init(dimension: Int) throws(LinearAlgebraError) {
        let mean = try Matrix(rows: dimension, columns: 0)
        let m2 = try Matrix(rows: dimension, columns: 0)
        self.mean = mean
        self.m2 = m2
        batchMean = [Double](repeating: 0, count: dimension)
        batchM2 = batchMean
    }

    mutating func setClasses(_ count: Int) throws(LinearAlgebraError) {
        try mean.setColumns(count)
        try m2.setColumns(count)
    }

    /// Sets a class's moments, as from a snapshot.
    mutating func set(_ column: Int, mean newMean: UnsafeBufferPointer<Double>, m2 newM2: UnsafeBufferPointer<Double>) {
        mean.withMutableColumn(column) { _ = $0.update(fromContentsOf: newMean) }
        m2.withMutableColumn(column) { _ = $0.update(fromContentsOf: newM2) }
    }

    /// Merges rows of one class.
    ///
    /// - Parameters:
    ///   - rows: the numbers of the rows in `x`, all of the class.
    ///   - x: rows one after another.
    ///   - column: the class.
    ///   - count: n_c before these rows.
    /// - Complexity: O(rows·d).
    mutating func merge(rows: some Collection<Int>, of x: UnsafeBufferPointer<Double>, column: Int, count: Int) {
        let dimension = mean.rows
        let added = Double(rows.count)
        let before = Double(count)
        let total = before + added
        batchMean.withUnsafeMutableBufferPointer { batchMean in
            batchM2.withUnsafeMutableBufferPointer { batchM2 in
                batchMean.update(repeating: 0)
                batchM2.update(repeating: 0)
                for row in rows {
                    let values = UnsafeBufferPointer(rebasing: x[(row * dimension)..<((row + 1) * dimension)])
                    for i in 0..<dimension { batchMean[i] += values[i] }
                }
                for i in 0..<dimension { batchMean[i] /= added }
                for row in rows {
                    let values = UnsafeBufferPointer(rebasing: x[(row * dimension)..<((row + 1) * dimension)])
                    for i in 0..<dimension {
                        let deviation = values[i] - batchMean[i]
                        batchM2[i] += deviation * deviation
                    }
                }
                mean.withMutableColumn(column) { mean in
                    m2.withMutableColumn(column) { m2 in
                        for i in 0..<dimension {
                            let delta = batchMean[i] - mean[i]
                            mean[i] += delta * (added / total)
                            m2[i] += batchM2[i] + delta * delta * (before * added / total)
                        }
                    }
                }
            }
        }
    }
}
