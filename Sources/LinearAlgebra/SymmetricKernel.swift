/// Products and rank updates of a symmetric matrix of which one triangle is held, at the speed of `dgemm`.
///
/// `dsymm` packs its matrix element by element and `dsyrk` shares its triangle unevenly between threads. Cut into blocks, all but those on
/// the diagonal is rectangular and goes through `dgemm`; see `KernelCosts` for what that saves.
enum SymmetricKernel {
    /// C ← A·B for A of order D, B and C [D×n].
    ///
    /// - Parameters:
    ///   - uplo: the triangle of A that is held.
    ///   - lda: A's leading dimension; B's and C's is D.
    /// - Complexity: 2D²n operations.
    static func multiply(
        uplo: CChar, order: Int, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafePointer<Double>, columns: Int,
        into c: UnsafeMutablePointer<Double>
    ) {
        guard columns > 1 else {
            if columns == 1 { BLAS.symv(uplo: uplo, n: order, a, lda: lda, b, 0, c) }
            return
        }
        guard KernelCosts.prefersBlocks(order: order, columns: columns) else {
            return BLAS.symm(uplo: uplo, m: order, n: columns, a, lda: lda, b, ldb: order, 0, c, ldc: order)
        }
        // Each block row of C is first written by its diagonal block, so blocks come in the order in which the rectangles beside them,
        // above or below, only add.
        let count = (order + KernelCosts.productBlock - 1) / KernelCosts.productBlock
        for step in 0..<count {
            let start = (uplo == BLAS.upper ? step : count - 1 - step) * KernelCosts.productBlock
            let width = min(KernelCosts.productBlock, order - start)
            BLAS.symm(
                uplo: uplo, m: width, n: columns, a + start * (lda + 1), lda: lda, b + start, ldb: order, 0, c + start, ldc: order)
            let rest = uplo == BLAS.upper ? 0..<start : (start + width)..<order
            guard !rest.isEmpty else { continue }
            let rectangle = a + rest.lowerBound + start * lda
            BLAS.gemm(
                BLAS.n, BLAS.n, m: rest.count, n: columns, k: width, 1, rectangle, lda: lda, b + start, ldb: order, 1,
                c + rest.lowerBound, ldc: order)
            BLAS.gemm(
                BLAS.t, BLAS.n, m: width, n: columns, k: rest.count, 1, rectangle, lda: lda, b + rest.lowerBound, ldb: order, 1,
                c + start, ldc: order)
        }
    }

    /// C ← C + α·AAᵀ for one triangle of C of order D, A [D×k].
    ///
    /// - Parameters:
    ///   - uplo: the triangle of C that is held; the other one is not touched.
    ///   - a: A, with leading dimension D.
    ///   - ldc: C's leading dimension.
    /// - Complexity: D²k operations.
    static func update(
        uplo: CChar, order: Int, depth: Int, _ alpha: Double, _ a: UnsafePointer<Double>, _ c: UnsafeMutablePointer<Double>, ldc: Int
    ) {
        guard depth > 0 else { return }
        update(uplo: uplo, 0..<order, lda: order, depth: depth, alpha, a, c, ldc: ldc)
    }

    /// The update of the rows and columns of a range: of its two halves, and of the square between them.
    private static func update(
        uplo: CChar, _ range: Range<Int>, lda: Int, depth: Int, _ alpha: Double, _ a: UnsafePointer<Double>,
        _ c: UnsafeMutablePointer<Double>, ldc: Int
    ) {
        guard range.count > KernelCosts.updateBlock else {
            return BLAS.syrk(
                uplo: uplo, n: range.count, k: depth, alpha, a + range.lowerBound, lda: lda, 1, c + range.lowerBound * (ldc + 1), ldc: ldc)
        }
        let (first, second) = halves(of: range)
        update(uplo: uplo, first, lda: lda, depth: depth, alpha, a, c, ldc: ldc)
        update(uplo: uplo, second, lda: lda, depth: depth, alpha, a, c, ldc: ldc)
        let (rows, columns) = uplo == BLAS.upper ? (first, second) : (second, first)
        BLAS.gemm(
            BLAS.n, BLAS.t, m: rows.count, n: columns.count, k: depth, alpha, a + rows.lowerBound, lda: lda, a + columns.lowerBound,
            ldb: lda, 1, c + rows.lowerBound + columns.lowerBound * ldc, ldc: ldc)
    }

    /// A range cut in two at a multiple of the kernels' tiles.
    private static func halves(of range: Range<Int>) -> (Range<Int>, Range<Int>) {
        let middle = range.lowerBound + (range.count / 2 + 31) / 32 * 32
        return (range.lowerBound..<middle, middle..<range.upperBound)
    }
}
