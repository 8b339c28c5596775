extension Matrix {
    /// Adds a multiple of AᵀA to the lower triangle of a column-major square of order `columns` (`dsyrk`).
    ///
    /// - Complexity: rows·columns² operations.
    package func addCrossProduct(times factor: Double = 1, toLower square: UnsafeMutableBufferPointer<Double>) {
        precondition(square.count == columns * columns, "shapes do not fit a rank update")
        guard let target = square.baseAddress, rows > 0 else { return }
        BLAS.syrk(uplo: BLAS.lower, trans: BLAS.t, n: columns, k: rows, factor, base, lda: rows, 1, target, ldc: columns)
    }

    /// The same with A·Aᵀ, for a square of order `rows`.
    package func addOuterProduct(toLower square: UnsafeMutableBufferPointer<Double>) {
        precondition(square.count == rows * rows, "shapes do not fit a rank update")
        guard let target = square.baseAddress, columns > 0 else { return }
        BLAS.syrk(uplo: BLAS.lower, n: rows, k: columns, 1, base, lda: rows, 1, target, ldc: rows)
    }

    /// Overwrites the lower triangle of this square matrix, which holds a Cholesky factor L, with that of (L·Lᵀ)⁻¹ (`dpotri`); the
    /// strict upper triangle is left as it is.
    ///
    /// - Throws: `LinearAlgebraError.notPositiveDefinite` if L has a zero on its diagonal.
    /// - Complexity: 2n³/3 operations.
    package mutating func invertCholesky() throws(LinearAlgebraError) {
        precondition(rows == columns, "only a square matrix has an inverse")
        guard rows > 0 else { return }
        try BLAS.potri(BLAS.lower, n: rows, base, lda: rows)
    }
}
