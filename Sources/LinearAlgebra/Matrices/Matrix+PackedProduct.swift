extension Matrix {
    /// Rows of a packed triangle that are multiplied together, and terms of one product: a piece of both sizes stays in cache, 256 KiB.
    private static let packedPiece = (rows: 64, terms: 512)

    /// self ← A·B for a symmetric A stored elsewhere: its lower triangle, packed row after row as by `SymmetricPair.forEachPackedGram`.
    ///
    /// Each element of the triangle is read once, and used for both halves of A. For B of few columns: each thread sums into a copy of
    /// the result.
    ///
    /// - Precondition: the buffer holds the triangle of a matrix with as many rows as B and self.
    /// - Throws: `LinearAlgebraError.outOfMemory`; self is then undefined.
    /// - Complexity: 2D²n operations; memory for D·n doubles on each thread.
    public mutating func multiply(
        packedLower elements: UnsafeBufferPointer<Double>, by b: borrowing Matrix
    ) throws(LinearAlgebraError) {
        let (order, width, piece) = (rows, b.columns, Self.packedPiece)
        precondition(elements.count == order * (order + 1) / 2, "a packed triangle of another size")
        precondition(b.rows == order, "shapes do not fit a symmetric product")
        try reshapeScratch(columns: width)
        fill(0)
        guard let triangle = elements.baseAddress, width > 0 else { return }
        let strips = (order + piece.rows - 1) / piece.rows
        let shares = ComputeThreads.shares(of: strips, operations: 2 * Double(order) * Double(order) * Double(width))
        let pieces = try Matrix(rows: piece.terms, columns: piece.rows * shares)
        let others = try Matrix(rows: order, columns: width * (shares - 1))
        let (factor, target) = (UnsafePointer(b.base), base)
        // Later strips are longer, so the shares take strips in turn.
        ComputeThreads.concurrently(shares, threads: shares) { share in
            let sum = share == 0 ? target : others.base + (share - 1) * width * order
            let product = PackedProduct(
                triangle: triangle, order: order, factor: factor, columns: width, sum: sum,
                piece: pieces.base + share * piece.rows * piece.terms, terms: piece.terms)
            for strip in stride(from: share, to: strips, by: shares) {
                product.add(strip * piece.rows..<min(order, (strip + 1) * piece.rows))
            }
        }
        for share in 1..<max(1, shares) {
            Self.add(others.base + (share - 1) * width * order, to: target, count: width * order)
        }
    }

    /// A function of its own: in the one above, under ThreadSanitizer, Swift 6.3 makes code for the loop that its own check refuses.
    private static func add(_ part: UnsafePointer<Double>, to sum: UnsafeMutablePointer<Double>, count: Int) {
        for index in 0..<count { sum[index] += part[index] }
    }
}

/// A thread's part of a product with a packed triangle.
private struct PackedProduct {
    /// A's lower triangle, packed row after row.
    let triangle: UnsafePointer<Double>
    let order: Int
    /// B [D×n], D the order.
    let factor: UnsafePointer<Double>
    /// n.
    let columns: Int
    /// Where the part is added [D×n].
    let sum: UnsafeMutablePointer<Double>
    /// Elements of a strip of rows, each row in a column of its own.
    let piece: UnsafeMutablePointer<Double>
    /// Elements of a column in a piece.
    let terms: Int

    /// Adds the products of some rows of the triangle, and of the same elements as columns above the diagonal.
    func add(_ rows: Range<Int>) {
        for first in stride(from: 0, to: rows.upperBound, by: terms) {
            let end = min(first + terms, rows.upperBound)
            copy(rows, first..<end)
            DirectProduct.gemm(
                BLAS.t, m: rows.count, n: columns, k: end - first, 1, piece, lda: terms, factor + first, ldb: order, 1,
                sum + rows.lowerBound, ldc: order)
            let above = min(end, rows.lowerBound) - first
            guard above > 0 else { continue }
            DirectProduct.gemm(
                BLAS.n, m: above, n: columns, k: rows.count, 1, piece, lda: terms, factor + rows.lowerBound, ldb: order, 1, sum + first,
                ldc: order)
        }
    }

    /// Copies A(rows, range) to the piece; what lies above the diagonal comes from below it.
    private func copy(_ rows: Range<Int>, _ range: Range<Int>) {
        for row in rows {
            let target = piece + (row - rows.lowerBound) * terms
            let source = triangle + SymmetricPair.packedOffset(row)
            let stored = min(range.upperBound, row + 1)
            if range.lowerBound < stored {
                target.update(from: source + range.lowerBound, count: stored - range.lowerBound)
            }
            for column in max(range.lowerBound, row + 1)..<max(range.upperBound, row + 1) {
                target[column - range.lowerBound] = triangle[SymmetricPair.packedOffset(column) + row]
            }
        }
    }
}
