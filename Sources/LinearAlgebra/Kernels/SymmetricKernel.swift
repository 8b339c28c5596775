/// Products and rank updates of a symmetric matrix of which one triangle is held, at the speed of `dgemm`.
///
/// `dsymm` packs its matrix element by element: cut into blocks, all but those on the diagonal is rectangular and goes through `dgemm`;
/// or, where the library has kernels that do not pack, through `DirectProduct`.
/// `dsyrk` packs what it reads once for both of its sides, and is cut only for threads, which it shares its triangle between unevenly.
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
        // Every share makes its own rows of C, and reads of A what lies in their rows or, mirrored, in their columns.
        ComputeThreads.share(order, operations: 2 * Double(order) * Double(order) * Double(columns)) { rows in
            let start = rows.lowerBound
            if uplo == BLAS.upper, DirectProduct.isFaster(order: rows.count, columns: columns) {
                DirectProduct.multiplyUpper(rows, a, lda: lda, b, columns: columns, into: c, order: order)
            } else {
                multiply(rows, uplo: uplo, lda: lda, a, b, columns: columns, into: c, ldc: order)
            }
            add(rows, 0..<start, uplo: uplo, lda: lda, a, b, columns: columns, to: c, ldc: order)
            add(rows, rows.upperBound..<order, uplo: uplo, lda: lda, a, b, columns: columns, to: c, ldc: order)
        }
    }

    /// C ← A·B for A's block of some rows and columns on the diagonal: for its two halves, and what lies beside them both ways.
    ///
    /// A block beside the diagonal is read by two products one after the other, while it is in a cache.
    private static func multiply(
        _ range: Range<Int>, uplo: CChar, lda: Int, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, columns: Int,
        into c: UnsafeMutablePointer<Double>, ldc: Int
    ) {
        guard range.count > KernelCosts.productBlock else {
            let start = range.lowerBound
            return BLAS.symm(
                uplo: uplo, m: range.count, n: columns, a + start * (lda + 1), lda: lda, b + start, ldb: ldc, 0, c + start, ldc: ldc)
        }
        let (first, second) = halves(of: range)
        multiply(first, uplo: uplo, lda: lda, a, b, columns: columns, into: c, ldc: ldc)
        multiply(second, uplo: uplo, lda: lda, a, b, columns: columns, into: c, ldc: ldc)
        add(first, second, uplo: uplo, lda: lda, a, b, columns: columns, to: c, ldc: ldc)
        add(second, first, uplo: uplo, lda: lda, a, b, columns: columns, to: c, ldc: ldc)
    }

    /// Adds to some rows of C the product of A's block of these rows and other columns with the rows of B that are the other columns'.
    private static func add(
        _ rows: Range<Int>, _ others: Range<Int>, uplo: CChar, lda: Int, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
        columns: Int, to c: UnsafeMutablePointer<Double>, ldc: Int
    ) {
        guard !others.isEmpty else { return }
        let isHeld = (uplo == BLAS.upper) == (rows.lowerBound < others.lowerBound)
        let block = isHeld ? rows.lowerBound + others.lowerBound * lda : others.lowerBound + rows.lowerBound * lda
        BLAS.gemm(
            isHeld ? BLAS.n : BLAS.t, BLAS.n, m: rows.count, n: columns, k: others.count, 1, a + block, lda: lda, b + others.lowerBound,
            ldb: ldc, 1, c + rows.lowerBound, ldc: ldc)
    }

    /// How many shares a product with a vector is cut into.
    ///
    /// It is bound by memory, which few threads use up; each needs a vector of its own.
    static func vectorShares(order: Int) -> Int {
        ComputeThreads.shares(
            of: min(order / KernelCosts.vectorShareColumns, KernelCosts.vectorShares), operations: 2 * Double(order) * Double(order))
    }

    /// One of several vectors whose sum is y = A·x, for A of order D; all are about equally much work.
    ///
    /// Every element that is held is read once from memory: a share has some columns of the triangle, and of what lies beside the diagonal
    /// makes both products before the next piece takes its place in a cache.
    ///
    /// - Parameters:
    ///   - uplo: the triangle of A that is held.
    ///   - lda: A's leading dimension.
    ///   - x: D elements.
    ///   - y: D elements, which are overwritten.
    /// - Complexity: 2D² operations for all shares.
    static func multiply(
        share: Int, of shares: Int, uplo: CChar, order: Int, _ a: UnsafePointer<Double>, lda: Int, _ x: UnsafePointer<Double>,
        into y: UnsafeMutablePointer<Double>
    ) {
        let part = Double(share) / Double(shares)..<Double(share + 1) / Double(shares)
        let range = columns(part, uplo: uplo, order: order)
        let rest = uplo == BLAS.upper ? 0..<range.lowerBound : range.upperBound..<order
        (y + rest.lowerBound).update(repeating: 0, count: rest.count)
        let others = uplo == BLAS.upper ? range.upperBound..<order : 0..<range.lowerBound
        (y + others.lowerBound).update(repeating: 0, count: others.count)
        guard !range.isEmpty else { return }
        let start = range.lowerBound
        BLAS.symv(uplo: uplo, n: range.count, a + start * (lda + 1), lda: lda, x + start, 0, y + start)
        let piece = KernelCosts.vectorPiece
        for column in stride(from: start, to: range.upperBound, by: piece.columns) {
            let columns = min(piece.columns, range.upperBound - column)
            for row in stride(from: rest.lowerBound, to: rest.upperBound, by: piece.rows) {
                let rows = min(piece.rows, rest.upperBound - row)
                let elements = a + row + column * lda
                BLAS.gemv(BLAS.n, rows: rows, columns: columns, 1, elements, lda: lda, x + column, 1, y + row)
                BLAS.gemv(BLAS.t, rows: rows, columns: columns, 1, elements, lda: lda, x + row, 1, y + column)
            }
        }
    }

    /// The columns of a part of a triangle's area, of 0 to 1.
    private static func columns(_ part: Range<Double>, uplo: CChar, order: Int) -> Range<Int> {
        // In the upper triangle they end at √, and the lower one is the same backwards.
        let bound = { (part: Double) in
            let area = uplo == BLAS.upper ? part : 1 - part
            let columns = area == 1 ? order : Int(area.squareRoot() * Double(order) / 16) * 16
            return uplo == BLAS.upper ? columns : order - columns
        }
        return bound(part.lowerBound)..<bound(part.upperBound)
    }

    /// A part of C ← C + α·AAᵀ for one triangle of C of order D, A [D×k]; what other parts touch it does not.
    ///
    /// - Parameters:
    ///   - part: of the triangle's area, of 0 to 1. Parts beside each other must have the very same number as bound.
    ///   - uplo: the triangle of C that is held; the other one is not touched.
    ///   - a: A, with leading dimension D.
    ///   - ldc: C's leading dimension.
    /// - Complexity: D²k operations for all parts.
    static func update(
        _ part: Range<Double>, uplo: CChar, order: Int, depth: Int, _ alpha: Double, _ a: UnsafePointer<Double>,
        _ c: UnsafeMutablePointer<Double>, ldc: Int
    ) {
        guard depth > 0 else { return }
        let range = columns(part, uplo: uplo, order: order)
        guard !range.isEmpty else { return }
        let start = range.lowerBound
        BLAS.syrk(uplo: uplo, n: range.count, k: depth, alpha, a + start, lda: order, 1, c + start * (ldc + 1), ldc: ldc)
        let rest = uplo == BLAS.upper ? 0..<range.lowerBound : range.upperBound..<order
        guard !rest.isEmpty else { return }
        BLAS.gemm(
            BLAS.n, BLAS.t, m: rest.count, n: range.count, k: depth, alpha, a + rest.lowerBound, lda: order, a + start, ldb: order, 1,
            c + rest.lowerBound + start * ldc, ldc: ldc)
    }

    /// A range cut in two at a multiple of the kernels' tiles.
    private static func halves(of range: Range<Int>) -> (Range<Int>, Range<Int>) {
        let middle = range.lowerBound + (range.count / 2 + 31) / 32 * 32
        return (range.lowerBound..<middle, middle..<range.upperBound)
    }
}
