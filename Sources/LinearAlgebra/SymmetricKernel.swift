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
        let operations = 2 * Double(order) * Double(order) * Double(columns)
        let isShared = ComputeThreads.shares(of: order, operations: operations) > 1
        guard isShared || KernelCosts.prefersBlocks(order: order, columns: columns) else {
            return BLAS.symm(uplo: uplo, m: order, n: columns, a, lda: lda, b, ldb: order, 0, c, ldc: order)
        }
        // Every share makes its own rows of C, and reads of A what lies in their rows or, mirrored, in their columns.
        ComputeThreads.share(order, operations: operations) { rows in
            for start in stride(from: rows.lowerBound, to: rows.upperBound, by: KernelCosts.productBlock) {
                let block = start..<min(start + KernelCosts.productBlock, rows.upperBound)
                multiply(rows: block, uplo: uplo, order: order, a, lda: lda, b, columns: columns, into: c)
            }
        }
    }

    /// Some rows of C ← A·B: their block on A's diagonal, then the rectangle that is held beside it, and the one that is held mirrored.
    private static func multiply(
        rows: Range<Int>, uplo: CChar, order: Int, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafePointer<Double>, columns: Int,
        into c: UnsafeMutablePointer<Double>
    ) {
        let start = rows.lowerBound
        BLAS.symm(
            uplo: uplo, m: rows.count, n: columns, a + start * (lda + 1), lda: lda, b + start, ldb: order, 0, c + start, ldc: order)
        let (before, after) = (0..<start, rows.upperBound..<order)
        let (held, mirrored) = uplo == BLAS.upper ? (after, before) : (before, after)
        if !held.isEmpty {
            BLAS.gemm(
                BLAS.n, BLAS.n, m: rows.count, n: columns, k: held.count, 1, a + start + held.lowerBound * lda, lda: lda,
                b + held.lowerBound, ldb: order, 1, c + start, ldc: order)
        }
        if !mirrored.isEmpty {
            BLAS.gemm(
                BLAS.t, BLAS.n, m: rows.count, n: columns, k: mirrored.count, 1, a + mirrored.lowerBound + start * lda, lda: lda,
                b + mirrored.lowerBound, ldb: order, 1, c + start, ldc: order)
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
        let operations = Double(order) * Double(order) * Double(depth)
        let shares = ComputeThreads.shares(of: order / 64, operations: operations)
        // Columns of the triangle in shares of equal area: those of the upper one grow with √, and the lower one is the same backwards.
        let bound = { (share: Int) in
            let part = uplo == BLAS.upper ? share : shares - share
            let columns = part == shares ? order : Int((Double(part) / Double(shares)).squareRoot() * Double(order) / 16) * 16
            return uplo == BLAS.upper ? columns : order - columns
        }
        ComputeThreads.concurrently(shares) { share in
            let range = bound(share)..<bound(share + 1)
            update(uplo: uplo, range, lda: order, depth: depth, alpha, a, c, ldc: ldc)
            let rest = uplo == BLAS.upper ? 0..<range.lowerBound : range.upperBound..<order
            guard !rest.isEmpty, !range.isEmpty else { return }
            BLAS.gemm(
                BLAS.n, BLAS.t, m: rest.count, n: range.count, k: depth, alpha, a + rest.lowerBound, lda: order, a + range.lowerBound,
                ldb: order, 1, c + rest.lowerBound + range.lowerBound * ldc, ldc: ldc)
        }
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
