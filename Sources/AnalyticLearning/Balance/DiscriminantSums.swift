internal import LinearAlgebra

/// What a discriminant depends on, of size C×C: it covers the C classes that have rows.
struct DiscriminantSums: ~Copyable {
    /// n_c > 0.
    let counts: [Double]
    /// D.
    let width: Double
    /// λ.
    let ridge: Double
    /// tr R.
    let inverseTrace: Double
    /// K = QᵀW, made symmetric.
    let readout: Matrix
    /// WᵀW.
    let weights: Matrix
    /// M'M and M'S_wM/ν for the class means M; without columns if no class is poor.
    let means: Matrix
    let scatter: Matrix

    /// ν, the degrees of freedom within the classes. Rows of no class are scatter, but do not count: whatever they were, they make the
    /// classes wider than they are.
    let freedom: Double

    /// - Parameters:
    ///   - crossMoment: Q [D×C].
    ///   - gramProduct: GQ, or a matrix without columns.
    ///   - weights: W [D×C].
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: 4DC² multiply-adds.
    init(
        counts: [Double], ridge: Double, inverseTrace: Double, crossMoment: borrowing Matrix, gramProduct: borrowing Matrix,
        weights: borrowing Matrix
    ) throws(LinearAlgebraError) {
        let classes = counts.count
        var readout = try Matrix(rows: classes, columns: classes)
        readout.multiply(crossMoment, transposed: true, by: weights)
        readout.makeSymmetric()
        var squares = try Matrix(rows: classes, columns: classes)
        squares.multiply(weights, transposed: true, by: weights)
        let freedom = max(counts.reduce(0, +) - Double(classes), 1)
        let hasMeans = gramProduct.columns > 0
        var means = try Matrix(rows: hasMeans ? classes : 0, columns: hasMeans ? classes : 0)
        var scatter = try Matrix(rows: means.rows, columns: means.columns)
        if hasMeans {
            // M'M, then M'S_wM = N⁻¹QᵀGQN⁻¹ − M'M·N·M'M.
            means.multiply(crossMoment, transposed: true, by: crossMoment)
            scatter.multiply(crossMoment, transposed: true, by: gramProduct)
            for column in 0..<classes {
                for row in 0..<classes {
                    let scale = 1 / (counts[row] * counts[column])
                    means[row, column] *= scale
                    scatter[row, column] *= scale / freedom
                }
            }
            means.makeSymmetric()
            var weighted = try means.copied()
            for column in 0..<classes {
                weighted.withMutableColumn(column) { values in
                    for row in values.indices { values[row] *= counts[row] / freedom }
                }
            }
            scatter.multiply(means, transposed: true, by: weighted, alpha: -1, beta: 1)
            scatter.makeSymmetric()
        }
        self.counts = counts
        self.freedom = freedom
        width = Double(weights.rows)
        self.ridge = ridge
        self.inverseTrace = inverseTrace
        self.readout = readout
        self.weights = squares
        self.means = means
        self.scatter = scatter
    }
}

extension Matrix {
    /// self ← (self + selfᵀ)/2.
    mutating func makeSymmetric() {
        for column in 0..<columns {
            for row in 0..<column {
                let mean = (self[row, column] + self[column, row]) / 2
                self[row, column] = mean
                self[column, row] = mean
            }
        }
    }

    /// V·diag(f)·Vᵀ, from Vᵀ [k×n].
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    static func product(ofTransposed vectors: borrowing Matrix, _ factors: [Double]) throws(LinearAlgebraError) -> Matrix {
        var scaled = try vectors.copied()
        for column in 0..<scaled.columns {
            scaled.withMutableColumn(column) { values in
                for row in values.indices { values[row] *= factors[row] }
            }
        }
        var result = try Matrix(rows: vectors.columns, columns: vectors.columns)
        result.multiply(scaled, transposed: true, by: vectors)
        result.makeSymmetric()
        return result
    }
}
