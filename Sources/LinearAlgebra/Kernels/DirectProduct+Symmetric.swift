extension DirectProduct {
    private static let stripColumns = KernelCosts.directStrip
    private static let callColumns = KernelCosts.directCall.columns
    private static let callTerms = KernelCosts.directCall.terms
    private static let mostColumns = KernelCosts.directColumns
    /// Leading dimension of a block that is written out: not a power of two, which would map to few cache sets.
    private static let blockLead = stripColumns + 8

    /// Whether `multiplyUpper` is faster than `dgemm` on halves for a block of this order.
    static func isFaster(order: Int, columns: Int) -> Bool {
        isAvailable && columns <= mostColumns && order >= max(2 * stripColumns, 16 * columns)
    }

    /// Computes some rows of C ← A·B, with B and C [D×n], for the block of a symmetric A in these rows and columns. A is stored in its
    /// upper triangle.
    ///
    /// A strip of A's columns, above the diagonal, is part of two products. Aᵀ times the rows of B above is computed in place as Bᵀ·A,
    /// without packing. A times the strip's own rows of B is tall, which suits `dgemm`.
    ///
    /// - Parameters:
    ///   - lda: A's leading dimension.
    ///   - columns: n, at most `KernelCosts.directColumns`.
    ///   - order: D, the leading dimension of B and C.
    /// - Complexity: 2m²n operations for m rows; memory for n·m doubles, and about 150 KiB.
    static func multiplyUpper(
        _ rows: Range<Int>, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafePointer<Double>, columns: Int,
        into c: UnsafeMutablePointer<Double>, order: Int
    ) {
        precondition(columns <= mostColumns, "a product of too many columns")
        let (a, b, c) = (a + rows.lowerBound * (lda + 1), b + rows.lowerBound, c + rows.lowerBound)
        let height = rows.count
        let scratch = blockLead * stripColumns + columns * callColumns
        withAlignedMemory(count: scratch + height * columns) { block in
            let (tile, transposed) = (block + blockLead * stripColumns, block + scratch)
            transpose(b, rows: height, order: order, columns: columns, into: transposed)
            for start in stride(from: 0, to: height, by: stripColumns) {
                let strip = start..<min(start + stripColumns, height)
                writeOut(strip, a, lda: lda, into: block)
                addTransposed(strip, block, lead: blockLead, strip, transposed, columns: columns, tile, to: c, order: order, isFirst: true)
                guard start > 0 else { continue }
                addTransposed(
                    strip, a + start * lda, lead: lda, 0..<start, transposed, columns: columns, tile, to: c, order: order, isFirst: false)
                BLAS.gemm(
                    BLAS.n, BLAS.n, m: start, n: columns, k: strip.count, 1, a + start * lda, lda: lda, b + start, ldb: order, 1, c,
                    ldc: order)
            }
        }
    }

    /// Calls `body` with memory aligned to a cache line: a vector across two lines is read twice.
    private static func withAlignedMemory(count: Int, _ body: (UnsafeMutablePointer<Double>) -> Void) {
        withUnsafeTemporaryAllocation(byteCount: count * MemoryLayout<Double>.stride, alignment: 64) { memory in
            guard let first = memory.baseAddress else { return }
            body(first.bindMemory(to: Double.self, capacity: count))
        }
    }

    /// Bᵀ [n×rows].
    private static func transpose(
        _ b: UnsafePointer<Double>, rows: Int, order: Int, columns: Int, into target: UnsafeMutablePointer<Double>
    ) {
        // A few rows at a time: one cache line per column.
        for start in stride(from: 0, to: rows, by: 8) {
            let end = min(start + 8, rows)
            for column in 0..<columns {
                let source = b + column * order
                for row in start..<end { target[column + row * columns] = source[row] }
            }
        }
    }

    /// Adds to a strip's rows of C the transpose of a block of the strip's columns times the block's rows of B.
    ///
    /// - Parameters:
    ///   - block: its first element.
    ///   - others: the rows of the block.
    ///   - transposed: Bᵀ.
    ///   - tile: memory for the result of a call.
    ///   - isFirst: whether this is the first write to the strip's rows.
    private static func addTransposed(
        _ strip: Range<Int>, _ block: UnsafePointer<Double>, lead: Int, _ others: Range<Int>, _ transposed: UnsafePointer<Double>,
        columns: Int, _ tile: UnsafeMutablePointer<Double>, to c: UnsafeMutablePointer<Double>, order: Int, isFirst: Bool
    ) {
        for term in stride(from: 0, to: others.count, by: callTerms) {
            let terms = min(callTerms, others.count - term)
            for start in stride(from: 0, to: strip.count, by: callColumns) {
                let rows = min(callColumns, strip.count - start)
                BLAS.gemm(
                    BLAS.n, BLAS.n, m: columns, n: rows, k: terms, 1, transposed + (others.lowerBound + term) * columns, lda: columns,
                    block + term + start * lead, ldb: lead, 0, tile, ldc: columns)
                for column in 0..<columns {
                    let target = c + strip.lowerBound + start + column * order
                    if isFirst && term == 0 {
                        for row in 0..<rows { target[row] = tile[column + row * columns] }
                    } else {
                        for row in 0..<rows { target[row] += tile[column + row * columns] }
                    }
                }
            }
        }
    }

    /// Writes out both triangles of a block on the diagonal.
    private static func writeOut(
        _ range: Range<Int>, _ a: UnsafePointer<Double>, lda: Int, into block: UnsafeMutablePointer<Double>
    ) {
        Tiles.forEach(.upper, of: 0..<range.count) { column, rows in
            let source = a + range.lowerBound + (range.lowerBound + column) * lda
            for row in rows {
                block[row + column * blockLead] = source[row]
                block[column + row * blockLead] = source[row]
            }
        }
    }
}
