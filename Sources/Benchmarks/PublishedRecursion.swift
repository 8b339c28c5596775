import LinearAlgebra

/// The recursion as the papers' code evaluates it, left to right with full matrices and an explicit inverse: the yardstick.
///
///     K = (I + X R Xᵀ)⁻¹     R ← R − ((R Xᵀ K) X) R     W ← W + R Xᵀ (Y − X W)
///
/// The product with R on the right costs 2D³ operations for any batch size.
struct PublishedRecursion: ~Copyable {
    private var r: Matrix
    private var w: Matrix
    private var update: Matrix
    private var next: Matrix

    init(width: Int, classes: Int, ridge: Double) throws {
        var r = try Matrix(rows: width, columns: width)
        for index in 0..<width { r[index, index] = 1 / ridge }
        let w = try Matrix(rows: width, columns: classes)
        let update = try Matrix(rows: width, columns: width)
        let next = try Matrix(rows: width, columns: width)
        self.r = r
        self.w = w
        self.update = update
        self.next = next
    }

    /// Learns a batch.
    ///
    /// - Parameters:
    ///   - x: Xᵀ [D×n].
    ///   - columns: the class of each row.
    mutating func learn(_ x: borrowing Matrix, _ columns: [Int]) throws {
        try BLASLibrary.current.withLibraryThreads { try learnWithLibraryThreads(x, columns) }
    }

    private mutating func learnWithLibraryThreads(_ x: borrowing Matrix, _ columns: [Int]) throws {
        let (width, rows) = (x.rows, x.columns)
        var rx = try Matrix(rows: width, columns: rows)
        rx.multiply(r, by: x)
        // K by solving with the identity, as an explicit inverse does.
        var s = try SymmetricPair(dimension: rows)
        var inner = try Matrix(rows: rows, columns: rows)
        inner.multiply(x, transposed: true, by: rx)
        s.setGram { inner[$0, $1] }
        var k = try Matrix(rows: rows, columns: rows)
        for index in 0..<rows { k[index, index] = 1 }
        try s.solve(ridge: 1, weights: &k)
        var rxk = try Matrix(rows: width, columns: rows)
        rxk.multiply(rx, by: k)
        let transposed = try x.transposed()
        update.multiply(rxk, by: transposed)
        next.multiply(update, by: r)
        r.add(next, times: -1)
        var residual = try Matrix(rows: rows, columns: w.columns)
        residual.multiply(x, transposed: true, by: w)
        residual.subtract(fromOneHot: columns[...])
        rx.multiply(r, by: x)
        w.multiply(rx, by: residual, beta: 1)
    }
}
