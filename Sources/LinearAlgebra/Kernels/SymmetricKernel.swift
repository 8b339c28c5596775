/// Products and rank updates of a symmetric matrix stored in one triangle, at the speed of `dgemm`.
///
/// `dsymm` packs its matrix element by element. Cut into blocks, all but the diagonal blocks are rectangular and go through `dgemm`, or
/// through `DirectProduct` if the library has kernels that do not pack. `dsyrk` packs what it reads once for both sides; it is cut only for
/// threads, because it shares its triangle among them unevenly.
enum SymmetricKernel {
    /// C ← A·B for A of order D, B and C [D×n].
    ///
    /// - Parameters:
    ///   - uplo: the stored triangle of A.
    ///   - lda: A's leading dimension; that of B and C is D.
    /// - Complexity: 2D²n operations.
    static func multiply(
        uplo: CChar, order: Int, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafePointer<Double>, columns: Int,
        into c: UnsafeMutablePointer<Double>
    ) {
        guard columns > 1 else {
            if columns == 1 { BLAS.symv(uplo: uplo, n: order, a, lda: lda, b, 0, c) }
            return
        }
        // Every share computes its own rows of C. It reads the elements of A in these rows or, mirrored, in these columns.
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

    /// C ← A·B for A's diagonal block of some rows and columns: its two halves, and the block beside the diagonal in both directions.
    ///
    /// Two products in a row read a block beside the diagonal, while it is in a cache.
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

    /// Adds to some rows of C the product of A's block of these rows and other columns with the rows of B for those columns.
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

    /// Shares of a product with a vector.
    ///
    /// Memory bandwidth limits it, and a few threads use that up. Each share needs a vector of its own.
    static func vectorShares(order: Int) -> Int {
        ComputeThreads.shares(
            of: min(order / KernelCosts.vectorShareColumns, KernelCosts.vectorShares), operations: 2 * Double(order) * Double(order))
    }

    /// Computes one of several vectors whose sum is y = A·x, for A of order D. All shares have about equal work.
    ///
    /// Every stored element is read once from memory: a share has some columns of the triangle, and computes both products of a piece
    /// beside the diagonal before the next piece replaces it in the cache.
    ///
    /// - Parameters:
    ///   - uplo: the stored triangle of A.
    ///   - lda: A's leading dimension.
    ///   - x: D elements.
    ///   - y: D elements; overwritten.
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

    /// Columns that make up a part of a triangle's area, given within 0...1.
    private static func columns(_ part: Range<Double>, uplo: CChar, order: Int) -> Range<Int> {
        // In the upper triangle a part ends at its square root; the lower triangle is the mirror image.
        let bound = { (part: Double) in
            let area = uplo == BLAS.upper ? part : 1 - part
            let columns = area == 1 ? order : Int(area.squareRoot() * Double(order) / 16) * 16
            return uplo == BLAS.upper ? columns : order - columns
        }
        return bound(part.lowerBound)..<bound(part.upperBound)
    }

    /// Computes a part of C ← C + α·AAᵀ for one triangle of C of order D, with A [D×k]. Parts are disjoint.
    ///
    /// - Parameters:
    ///   - part: of the triangle's area, within 0...1. Neighbouring parts must share the exact same bound.
    ///   - uplo: the stored triangle of C; the other one is not touched.
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

    /// Cuts a range in two at a multiple of the kernels' tiles.
    private static func halves(of range: Range<Int>) -> (Range<Int>, Range<Int>) {
        let middle = range.lowerBound + (range.count / 2 + 31) / 32 * 32
        return (range.lowerBound..<middle, middle..<range.upperBound)
    }
}
