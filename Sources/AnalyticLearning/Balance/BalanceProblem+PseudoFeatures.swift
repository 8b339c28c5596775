internal import LinearAlgebra

extension BalanceProblem {
    /// AEF-OCL (arXiv 2405.17779, algorithm 1): fills every class to the size of the largest with draws around its mean.
    ///
    /// A class with n_c rows lacks m = n_max − n_c. These are represented by k = min(m, cap) rows z = μ_c + noise·σ_c⊙ε,
    /// each with weight m/k. The root of the weight is multiplied into h = φ(z), so one rank update covers a block of several
    /// classes.
    ///
    /// - Returns: false if it was asked to stop.
    mutating func addPseudoFeatures(cap: Int, seed: UInt64, shouldStop: () -> Bool) throws(LinearAlgebraError) -> Bool {
        let largest = counts.max() ?? 0
        let capacity = Self.blockRows(width: featureMap.width)
        var z = try Matrix(rows: featureMap.dimension, columns: capacity)
        var h = try Matrix(rows: featureMap.width, columns: capacity)
        var block: [(column: Int, weight: Double)] = []
        block.reserveCapacity(capacity)
        for column in counts.indices where counts[column] > 0 && counts[column] < largest {
            let missing = largest - counts[column]
            let drawn = min(missing, cap > 0 ? cap : ModelConfiguration.largestCap)
            classWeights[column] += Double(missing)
            totalWeight += Double(missing)
            let draws = NormalDraws(seed: seed, label: labels[column])
            for draw in 0..<drawn {
                z.withMutableColumn(block.count) { z in
                    draws.fill(z, draw: draw)
                    mean.withColumn(column) { mean in
                        deviation.withColumn(column) { deviation in
                            for i in z.indices { z[i] = mean[i] + deviation[i] * z[i] }
                        }
                    }
                }
                block.append((column, Double(missing) / Double(drawn)))
                if block.count == capacity {
                    if shouldStop() { return false }
                    try add(block, z, &h)
                    block.removeAll(keepingCapacity: true)
                }
            }
        }
        if shouldStop() { return false }
        try add(block, z, &h)
        return true
    }

    /// Maps the rows of a block and adds them with their weights to G̃ and Q̃.
    private mutating func add(
        _ block: [(column: Int, weight: Double)], _ z: borrowing Matrix, _ h: inout Matrix
    ) throws(LinearAlgebraError) {
        try featureMap.map(z, columns: block.count, into: &h)
        for (row, entry) in block.enumerated() {
            let root = entry.weight.squareRoot()
            h.withMutableColumn(row) { h in
                right.withMutableColumn(entry.column) { sum in
                    for i in h.indices {
                        sum[i] += entry.weight * h[i]
                        h[i] *= root
                    }
                }
            }
            addToRowSum(h, row, times: root)
        }
        normal.add(h)
    }

    /// s̃ ← s̃ + αh.
    private mutating func addToRowSum(_ h: borrowing Matrix, _ row: Int, times factor: Double) {
        guard rowSum.columns > 0 else { return }
        rowSum.withMutableColumn(0) { sum in
            h.withColumn(row) { h in
                for index in sum.indices { sum[index] += factor * h[index] }
            }
        }
    }
}
