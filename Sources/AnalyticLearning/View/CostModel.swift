internal import LinearAlgebra

/// The cheapest way of learning for a model of width D: every cross-over follows from the operations counted here and the constants
/// of `KernelCosts`.
///
/// In operations at the rate of a square product, with the half widths p of a symmetric product and u of a rank update, the
/// recursion costs for a block of n rows
///
///     2D²(n + p)   P = RHᵀ
///     2D²(n + u)   the updates of R and of G, D²(n + u) each
///     3Dn²         S = I + HP, and T = PL⁻ᵀ
///
/// and accumulating and solving once costs D²(n + u) for G and D³/s for `dpotrf` and `dpotri`, which run at the fraction s of
/// that rate. What they pay for each class decides too, see `path`.
struct CostModel {
    let width: Int
    /// The most rows that go through the recursion at once.
    let blockRows: Int
    /// From this many rows on, one solution costs less than the recursion if weights cost nothing; see `path` for those of many classes.
    let bulkRows: Int
    /// Learning this many rows costs as much as one solution by eigenvectors, about 9D³.
    let truncatedRows: Int
    /// Gathered columns applied to R and G at once.
    let gatheredColumns: Int
    /// Blocks narrower than this are gathered before they are applied to R and G.
    let gatherBelow: Int

    init(width: Int) {
        self.width = width
        let d = Double(width)
        // A row in a block of n costs 4D² + a/n + bn. Larger blocks group more requests, so the block is the largest, up to 256,
        // that costs at most a thirtieth more than the best, √(a/b). Its buffers then take at most D·256 doubles each.
        let a = 2 * d * d * (KernelCosts.productHalfWidth + KernelCosts.updateHalfWidth)
        let b = 3 * d
        let best = 2 * (a * b).squareRoot()
        let bound = best + (4 * d * d + best) / 30
        let rows = (bound + (bound * bound - 4 * a * b).squareRoot()) / (2 * b)
        blockRows = min(256, max(16, Int(rows)))
        // n(4D² + a/m + bm) = D²n + D³/s for blocks of m rows.
        let row = 3 * d * d + a / Double(blockRows) + b * Double(blockRows)
        bulkRows = max(2, Int(d * d * d / KernelCosts.solveRate / row))
        truncatedRows = 9 * bulkRows
        // Applying g columns at once costs 2D²u/g per row besides its own 2D²; correcting P by g/2 columns on average costs 2Dg.
        // The minimum is at g = √(Du). Gathering blocks of n rows pays while 2D²u(1/n − 1/g) > 2Dg.
        let gathered = (d * KernelCosts.updateHalfWidth).squareRoot()
        gatheredColumns = min(256, max(16, (Int(gathered) + 8) / 16 * 16))
        gatherBelow = min(gatheredColumns / 2, max(2, Int(gathered / 2)))
    }

    /// Blocks of this many rows until the gathered ones are applied to R and G once; 1 if each is applied by itself.
    func gatheringCycle(rows: Int) -> Int {
        rows < gatherBelow ? max(1, gatheredColumns / rows) : 1
    }

    /// Rows between two checks of R against G. A check takes two products of G and R with a vector, bound by memory, and costs as
    /// much as learning about ten rows.
    var probeRows: Int { max(256, width / 2) }

    /// Rows between two refinements of weights that lose digits, in a stream of this many samples.
    ///
    /// A refinement costs 8D²C operations, as much as learning 2C rows; every 64C rows that is a thirtieth of the work. The error
    /// that rounding adds to the weights is proportional to the drift and to how far a row still moves them, 1/n. If the drift is
    /// small, a refinement may wait until the stream has grown by a sixteenth.
    func refinementRows(classes: Int, samples: Int, drift: Double) -> Int {
        drift > 1e-8 ? 64 * classes : max(64 * classes, samples / 16)
    }

    /// The cost of a block between P and the rank updates, in operations at the rate of a square product: the rows' sums, their
    /// scores by the weights before and calibration from these; and S, its factor, T and R's diagonal.
    ///
    /// The factors say how much slower than that rate such thin products and loops are (64 and 256 rows, D = 2048, C = 100).
    func chainOperations(rows: Int, classes: Int) -> (score: Double, factor: Double) {
        let (d, n, c) = (Double(width), Double(rows), Double(classes))
        let (sums, score) = sumOperations(rows: rows, classes: classes)
        return (score: n * 3.3 * d * c + sums + score, factor: 6 * d * n * n)
    }

    /// The cost of rows in the same operations without products: their sums, and choosing and calibrating from their scores.
    func sumOperations(rows: Int, classes: Int) -> (sums: Double, score: Double) {
        (sums: 300 * Double(rows) * Double(width), score: 2500 * Double(rows) * Double(classes))
    }

    /// The widths, in columns of D doubles, of all buffers of a view and its classifier: H and P of a block, gathered H and T, and
    /// those of a probe.
    ///
    /// - Parameter mapsRows: whether all rows are copied to be mapped; otherwise single ones are.
    func buffers(mapsRows: Bool) -> [Int] {
        [mapsRows ? blockRows : 1, blockRows, gatheredColumns, gatheredColumns, 1] + [Int](repeating: SymmetricPair.vectorColumns, count: 2)
    }
}
