import LinearAlgebra

/// One ridge regression over all rows seen, solved at once by Cholesky: the reference for the service's weights.
struct JointSolution {
    /// W [D, C] row-major, with columns in the order in which labels were seen.
    let weights: [Double]

    /// - Parameters:
    ///   - samples: all rows learned.
    ///   - columns: each row's column.
    ///   - classes: C.
    ///   - projection: Ω [d, D] row-major.
    ///   - ridge: λ.
    init(_ samples: [Digits.Sample], columns: [Int], classes: Int, projection: [Float], ridge: Double) throws {
        let dimension = Digits.dimension
        let width = projection.count / dimension
        var omega = try Matrix(rows: width, columns: dimension)
        omega.withMutableElements { target in for index in target.indices { target[index] = Double(projection[index]) } }
        var x = try Matrix(rows: dimension, columns: samples.count)
        for (row, sample) in samples.enumerated() {
            x.withMutableColumn(row) { target in for index in target.indices { target[index] = sample.features[index] } }
        }
        var h = try Matrix(rows: width, columns: samples.count)
        h.multiply(omega, by: x)
        h.withMutableElements { elements in for index in elements.indices { elements[index] = max(elements[index], 0) } }
        var solution = try Matrix(rows: width, columns: classes)
        for (row, column) in columns.enumerated() {
            for index in 0..<width { solution[index, column] += h[index, row] }
        }
        var square = try SymmetricPair(dimension: width)
        square.addToGram(h)
        try square.solve(ridge: ridge, weights: &solution)
        var rowMajor: [Double] = []
        solution.copyRowMajor(rows: 0..<width, into: &rowMajor)
        weights = rowMajor
    }

    /// ‖W − other‖ / ‖W‖ in the Frobenius norm.
    func relativeDifference(from other: [Double]) -> Double {
        guard other.count == weights.count else { return .infinity }
        var difference = 0.0
        var norm = 0.0
        for (mine, theirs) in zip(weights, other) {
            difference += (mine - theirs) * (mine - theirs)
            norm += mine * mine
        }
        return (difference / norm).squareRoot()
    }
}
