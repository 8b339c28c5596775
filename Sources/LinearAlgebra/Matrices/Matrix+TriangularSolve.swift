extension Matrix {
    /// self ← self·L⁻ᵀ for the lower triangular L.
    ///
    /// Narrow triangles on L's diagonal are inverted (`dtrtri`) and multiplied (`dtrmm`); the rest goes through `dgemm`, because OpenBLAS's
    /// `dtrsm` runs at a fifth of its rate. A product with the inverse of a triangle is as exact as a solve if the triangle is well
    /// conditioned (Du Croz and Higham 1992). If L's elements suggest that it may not be, `dtrsm` solves it.
    ///
    /// - Complexity: O(rows·columns²).
    public mutating func solveRightTransposed(lower l: borrowing Matrix) {
        precondition(l.rows == l.columns && l.rows == columns, "shapes do not fit a triangular solve")
        guard rows > 0, columns > 0 else { return }
        let (target, factor, m, n) = (base, UnsafePointer(l.base), rows, columns)
        let width = KernelCosts.triangleBlock
        withUnsafeTemporaryAllocation(of: Double.self, capacity: width * n) { memory in
            let inverses = l.hasEvenTriangle && Self.invertTriangles(factor, order: n, into: memory) ? memory.baseAddress : nil
            // Proof: only read from here on, and outlives all calls.
            nonisolated(unsafe) let triangles = inverses.map { UnsafePointer($0) }
            ComputeThreads.share(m, operations: Double(m) * Double(n) * Double(n)) { part in
                Self.solveRightTransposed(
                    target + part.lowerBound, rows: part.count, lead: m, factor, lda: n, triangles: triangles, columns: 0..<n)
            }
        }
    }

    /// Whether no element of the lower triangle is more than a hundred times the smallest of the diagonal.
    private var hasEvenTriangle: Bool {
        var (least, largest) = (Double.infinity, 0.0)
        for column in 0..<columns {
            let elements = base + column * rows
            least = min(least, abs(elements[column]))
            for row in column..<rows { largest = max(largest, abs(elements[row])) }
        }
        return largest <= 100 * least
    }

    /// The inverses of the triangles on L's diagonal, side by side.
    ///
    /// - Returns: false if a triangle has no inverse.
    private static func invertTriangles(
        _ factor: UnsafePointer<Double>, order: Int, into memory: UnsafeMutableBufferPointer<Double>
    ) -> Bool {
        let width = KernelCosts.triangleBlock
        guard let memory = memory.baseAddress else { return false }
        for start in stride(from: 0, to: order, by: width) {
            let (count, inverse) = (min(width, order - start), memory + start * width)
            for column in 0..<count {
                (inverse + column * (width + 1)).update(from: factor + (start + column) * (order + 1), count: count - column)
            }
            guard BLAS.trtri(BLAS.lower, n: count, inverse, lda: width) else { return false }
        }
        return true
    }

    /// Computes some columns of T ← T·L⁻ᵀ by halves; the columns before them have been subtracted.
    private static func solveRightTransposed(
        _ target: UnsafeMutablePointer<Double>, rows: Int, lead: Int, _ factor: UnsafePointer<Double>, lda: Int,
        triangles: UnsafePointer<Double>?, columns: Range<Int>
    ) {
        let (start, end, width) = (columns.lowerBound, columns.upperBound, KernelCosts.triangleBlock)
        guard columns.count > width else {
            if let triangles {
                BLAS.trmm(
                    side: BLAS.right, uplo: BLAS.lower, trans: BLAS.t, m: rows, n: columns.count, triangles + start * width, lda: width,
                    target + start * lead, ldb: lead)
            } else {
                BLAS.trsm(
                    side: BLAS.right, uplo: BLAS.lower, trans: BLAS.t, m: rows, n: columns.count, factor + start * (lda + 1), lda: lda,
                    target + start * lead, ldb: lead)
            }
            return
        }
        let middle = start + (columns.count / 2 + width - 1) / width * width
        solveRightTransposed(target, rows: rows, lead: lead, factor, lda: lda, triangles: triangles, columns: start..<middle)
        BLAS.gemm(
            BLAS.n, BLAS.t, m: rows, n: end - middle, k: middle - start, -1, target + start * lead, lda: lead,
            factor + middle + start * lda, ldb: lda, 1, target + middle * lead, ldc: lead)
        solveRightTransposed(target, rows: rows, lead: lead, factor, lda: lda, triangles: triangles, columns: middle..<end)
    }
}
