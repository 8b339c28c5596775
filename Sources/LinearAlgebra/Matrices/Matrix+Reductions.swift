extension Matrix {
    /// Eight parallel sums: a single one would wait for every addition before the next.
    private typealias Lanes = SIMD8<Double>

    private func lanes(_ index: Int) -> Lanes { UnsafeRawPointer(base + index).loadUnaligned(as: Lanes.self) }

    /// Whether every element is finite.
    ///
    /// - Complexity: O(rows·columns).
    public var isFinite: Bool {
        // x·0 is 0 for finite x and NaN otherwise, so one sum decides without a branch per element.
        let count = rows * columns
        let even = count / 8 * 8
        var sums = Lanes.zero
        for index in stride(from: 0, to: even, by: 8) { sums += lanes(index) * 0 }
        var sum = sums.sum()
        for index in even..<count { sum += base[index] * 0 }
        return sum == 0
    }

    /// The sum of the squares of all elements.
    ///
    /// - Complexity: O(rows·columns).
    public var sumOfSquares: Double {
        let count = rows * columns
        let even = count / 8 * 8
        var sums = Lanes.zero
        for index in stride(from: 0, to: even, by: 8) {
            let values = lanes(index)
            sums += values * values
        }
        var sum = sums.sum()
        for index in even..<count { sum += base[index] * base[index] }
        return sum
    }

    /// ⟨A, B⟩, the sum of the products of all elements with those of a matrix of the same shape.
    ///
    /// - Complexity: O(rows·columns).
    public func innerProduct(with other: borrowing Matrix) -> Double {
        precondition(rows == other.rows && columns == other.columns, "matrices of different shapes")
        let count = rows * columns
        let even = count / 8 * 8
        var sums = Lanes.zero
        for index in stride(from: 0, to: even, by: 8) { sums += lanes(index) * other.lanes(index) }
        var sum = sums.sum()
        for index in even..<count { sum += base[index] * other.base[index] }
        return sum
    }

    /// Subtracts from each element of a vector the sum of the squares of a row: the diagonal of v − A·Aᵀ.
    ///
    /// - Complexity: O(rows·columns).
    public func subtractRowSquares(from vector: inout [Double]) {
        precondition(vector.count == rows, "a vector of another length")
        vector.withUnsafeMutableBufferPointer { vector in
            guard let target = vector.baseAddress else { return }
            // Four columns at a time, so that the vector is loaded and stored once for all four.
            let even = columns / 4 * 4
            for column in stride(from: 0, to: even, by: 4) {
                let a = base + column * rows
                let (b, c, d) = (a + rows, a + 2 * rows, a + 3 * rows)
                for row in 0..<rows {
                    target[row] -= (a[row] * a[row] + b[row] * b[row]) + (c[row] * c[row] + d[row] * d[row])
                }
            }
            for column in even..<columns {
                let source = base + column * rows
                for row in 0..<rows { target[row] -= source[row] * source[row] }
            }
        }
    }
}
