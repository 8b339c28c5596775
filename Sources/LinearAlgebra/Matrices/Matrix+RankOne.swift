extension Matrix {
    /// self ← self + α·uvᵀ (`dgemm` of depth one).
    ///
    /// - Parameters:
    ///   - u: one column.
    ///   - v: one value for each column of self.
    ///   - alpha: the factor α.
    /// - Complexity: O(rows·columns).
    public mutating func addRankOne(_ u: borrowing Matrix, _ v: [Double], times alpha: Double = 1) {
        precondition(u.columns == 1 && u.rows == rows && v.count == columns, "shapes do not fit")
        guard rows > 0, columns > 0 else { return }
        let (left, target, height) = (u.base, base, rows)
        v.withUnsafeBufferPointer { v in
            BLAS.gemm(BLAS.n, BLAS.n, m: height, n: v.count, k: 1, alpha, left, lda: height, v.baseAddress!, ldb: 1, 1, target, ldc: height)
        }
    }

    /// selfᵀu for one column u (`dgemv`).
    ///
    /// - Complexity: O(rows·columns).
    public func products(with u: borrowing Matrix) -> [Double] {
        precondition(u.columns == 1 && u.rows == rows, "shapes do not fit")
        var result = [Double](repeating: 0, count: columns)
        guard rows > 0, columns > 0 else { return result }
        let (matrix, column, height, width) = (base, u.base, rows, columns)
        result.withUnsafeMutableBufferPointer { result in
            BLAS.gemv(BLAS.t, rows: height, columns: width, 1, matrix, lda: height, column, 0, result.baseAddress!)
        }
        return result
    }
}
