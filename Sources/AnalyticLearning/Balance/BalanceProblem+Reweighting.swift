internal import LinearAlgebra

extension BalanceProblem {
    /// AIR's class weights: G̃ = w_min·G + Σ_c (w_c − w_min)·B_cᵀB_c and Q̃ = Q·diag(w).
    ///
    /// What a sketch has lost therefore weighs w_min, like rows of no class; a class with the smallest weight needs no sketch.
    mutating func reweigh(_ weights: ClassWeights) throws(LinearAlgebraError) {
        setWeights(weights)
        for column in counts.indices { right.scaleColumn(column, by: weights.values[column]) }
        // Exact class matrices were already summed when the state was copied.
        guard configuration.sketchRank != .exact else { return }
        normal.scale(by: weights.smallest)
        let capacity = Self.blockRows(width: featureMap.width)
        var block = try Matrix(rows: featureMap.width, columns: capacity)
        var filled = 0
        for column in sketches.indices {
            let excess = weights.values[column] - weights.smallest
            guard excess > 0 else { continue }
            let root = excess.squareRoot()
            sketches[column].withRows { rows in
                for start in stride(from: 0, to: rows.count, by: featureMap.width) {
                    block.withMutableColumn(filled) { target in
                        for i in target.indices { target[i] = root * rows[start + i] }
                    }
                    filled += 1
                    if filled == capacity {
                        normal.add(block)
                        filled = 0
                    }
                }
            }
        }
        normal.add(block, columns: 0..<filled)
    }

    /// s̃ = w_min·s + Σ_c (w_c − w_min)Q_c, q̃ and ñ, before Q is weighted.
    private mutating func setWeights(_ weights: ClassWeights) {
        totalWeight *= weights.smallest
        if rowSum.columns > 0 { rowSum.scale(by: weights.smallest) }
        for column in counts.indices {
            classWeights[column] *= weights.values[column]
            let excess = max(0, weights.values[column] - weights.smallest)
            totalWeight += excess * Double(counts[column])
            guard rowSum.columns > 0, excess > 0 else { continue }
            rowSum.withMutableColumn(0) { sum in
                right.withColumn(column) { moment in
                    for index in sum.indices { sum[index] += excess * moment[index] }
                }
            }
        }
    }
}
