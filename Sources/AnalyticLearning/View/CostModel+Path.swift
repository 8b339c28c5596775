internal import LinearAlgebra

/// How a request of more rows than a block is learned.
extension CostModel {
    /// A way of learning a request.
    enum Path {
        /// As one block all the same, so that its rows are scored once.
        case wideBlock
        /// In blocks of the recursion, after all rows have been scored by the weights before them.
        case blocks
        /// Scored, accumulated, and solved once.
        case bulk
    }

    /// The most rows of a wide block: its buffers take three times a block's.
    private var widestBlock: Int { 3 * blockRows }

    /// The cheapest way for a request of more rows than a block.
    ///
    /// With many classes the weights cost more than R. For C classes a row of the recursion takes 2DC to be scored and 2DC to be
    /// learned, and nC for X = L⁻¹(Y − HW) in a block of n rows. If the request has several blocks, it takes another 2DC, because the
    /// first block changes the weights that the others must be scored by. Bulk takes 2DC for a row, and once 2D²C to solve for the
    /// weights and some passes over them.
    ///
    /// - Parameter mayBeWide: whether a block may have more rows than usual.
    func path(rows: Int, classes: Int, mayBeWide: Bool) -> Path {
        // It must gain a tenth: it takes memory, which is returned afterwards.
        let isNarrow = mayBeWide && rows <= widestBlock
        let wide = isNarrow ? 1.1 * recursion(rows: rows, block: rows, classes: classes, products: 2) : .infinity
        let blocks = recursion(rows: rows, block: blockRows, classes: classes, products: 3)
        if bulk(rows: rows, classes: classes, products: 1) <= min(wide, blocks) { return .bulk }
        return wide < blocks ? .wideBlock : .blocks
    }

    /// The fewest rows that weights are solved for so that they can score the rows that follow: 200, or a doubling of it from which
    /// a solution of W costs at most about ten times as much as adding the rows.
    var firstScoringRows: Int {
        var rows = 200
        while rows < bulkRows / 8 { rows *= 2 }
        return rows
    }

    /// The rows after which weights that have this many are solved again to score the rows that follow: as many more, so that they
    /// never have less than half of the rows learned.
    func scoringRows(after solved: Int) -> Int { solved + max(solved, firstScoringRows) }

    /// Whether rows that need no scores are accumulated and solved once.
    func isBulk(unscored rows: Int, classes: Int) -> Bool {
        // Fewer rows than a block are gathered, and cost no more.
        let blocks = recursion(rows: rows, block: blockRows, classes: classes, products: 2)
        return bulk(rows: rows, classes: classes, products: 0) <= blocks
    }

    /// The operations of the recursion in blocks of this many rows.
    ///
    /// - Parameter products: products of each row with the weights.
    private func recursion(rows: Int, block: Int, classes: Int, products: Double) -> Double {
        let (d, n, c) = (Double(width), Double(block), Double(classes))
        let square = 4 * d * d + 2 * d * d * (KernelCosts.productHalfWidth + KernelCosts.updateHalfWidth) / n + 3 * d * n
        return Double(rows) * (square + products * 2 * d * c / KernelCosts.weightRate + n * c / KernelCosts.triangleRate)
    }

    /// The operations of accumulating and solving once.
    private func bulk(rows: Int, classes: Int, products: Double) -> Double {
        let (d, c) = (Double(width), Double(classes))
        let row = d * d + products * 2 * d * c / KernelCosts.weightRate
        // `dpotrs`: a strip along the diagonal at the rate of triangles, the rest at that of products.
        let triangles = (1 / KernelCosts.triangleRate - 1) * min(d, KernelCosts.triangleWidth)
        let weights = (2 * (d + triangles) + KernelCosts.weightPasses) * d * c
        return Double(rows) * row + d * d * d / KernelCosts.solveRate + weights
    }
}
