/// Solutions by eigenvectors (`dsyevd`), for matrices whose Cholesky factorisation fails.
enum Spectrum {
    /// X ← A⁺X, leaving out eigenvalues below ε·D·max.
    ///
    /// - Parameters:
    ///   - a: a symmetric matrix in its lower triangle [D×D]; overwritten by the left-out eigenvectors, followed by V·diag(w^−½) in
    ///     the returned columns.
    ///   - x: [D×C]; undefined after an error.
    /// - Returns: the columns of the kept eigenvalues, in ascending order.
    /// - Throws: `LinearAlgebraError.eigensolverFailed`, or `outOfMemory`: `dsyevd` needs 2D² more doubles.
    /// - Complexity: about 9D³.
    static func solve(_ a: inout Matrix, _ x: inout Matrix) throws(LinearAlgebraError) -> Range<Int> {
        let (order, vectors) = (a.rows, a.base)
        var values = [Double](repeating: 0, count: order)
        try values.withUnsafeMutableBufferPointer { buffer throws(LinearAlgebraError) in
            try ComputeThreads.lendToLibrary(order: order) { () throws(LinearAlgebraError) in
                try BLAS.syevd(BLAS.lower, n: order, vectors, lda: order, values: buffer.baseAddress!)
            }
        }
        guard let largest = values.last, largest.isFinite, largest > 0 else { throw .eigensolverFailed }
        let floor = Conditioning.spectralFloor(dimension: order, largest: largest)
        let kept = (values.firstIndex { $0 > floor } ?? order)..<order
        for column in kept {
            let factor = 1 / values[column].squareRoot()
            let vector = vectors + column * order
            for row in 0..<order { vector[row] *= factor }
        }
        guard a.isFinite else { throw .eigensolverFailed }
        var coordinates = try Matrix(rows: kept.count, columns: x.columns)
        coordinates.multiply(a, columns: kept, transposed: true, by: x)
        x.multiply(a, columns: kept, by: coordinates)
        return kept
    }
}
