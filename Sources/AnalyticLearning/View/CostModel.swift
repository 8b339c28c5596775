internal import LinearAlgebra

/// When which way of learning is cheapest, for a model of width D: every cross-over follows from the operations counted here and the
/// constants of `KernelCosts`.
///
/// In operations at the rate of a square product, with the half widths p of a symmetric product and u of a rank update, a block of n rows
/// costs by the recursion
///
///     2D²(n + p)   P = RHᵀ
///     2D²(n + u)   the updates of R and of G, D²(n + u) each
///     3Dn²         S = I + HP, and T = PL⁻ᵀ
///
/// and by accumulating and solving once D²(n + u) for G and D³/s for `dpotrf` and `dpotri`, which run at the fraction s of that rate. What
/// both pay for scores and weights, D·C a row, is left out.
struct CostModel {
    let width: Int
    /// The most rows that go through the recursion at once.
    let blockRows: Int
    /// The rows from which a request is accumulated and solved once.
    let bulkRows: Int
    /// The rows whose learning costs as much as one solution through the spectrum, about 9D³.
    let truncatedRows: Int
    /// How many gathered columns are applied to R and G at once.
    let gatheredColumns: Int
    /// Blocks narrower than this are gathered before they are applied to R and G.
    let gatherBelow: Int

    init(width: Int) {
        self.width = width
        let d = Double(width)
        // A row in a block of n costs 4D² + a/n + bn. Larger blocks group more requests, so the largest is taken that costs at most a
        // thirtieth more than the best, √(a/b), up to 256: its buffers then take at most D·256 doubles each.
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
        // Applying g columns at once costs 2D²u/g a row on top of its own 2D², and correcting P by g/2 columns on average 2Dg: least at
        // g = √(Du). Blocks of n rows gain from it while 2D²u(1/n − 1/g) > 2Dg.
        let gathered = (d * KernelCosts.updateHalfWidth).squareRoot()
        gatheredColumns = min(256, max(16, (Int(gathered) + 8) / 16 * 16))
        gatherBelow = min(gatheredColumns / 2, max(2, Int(gathered / 2)))
    }

    /// After how many blocks of so many rows the gathered ones are applied to R and G once; 1 where each is applied by itself.
    func gatheringCycle(rows: Int) -> Int {
        rows < gatherBelow ? max(1, gatheredColumns / rows) : 1
    }

    /// The rows after which R is held against G again. Two products of G and R with a vector are bound by memory, and cost as much as
    /// learning some ten rows.
    var probeRows: Int { max(256, width / 2) }

    /// The rows after which weights that lose digits are refined again, of a stream of so many.
    ///
    /// A refinement costs 8D²C operations, as much as learning 2C rows: after 64C rows that is a thirtieth of the work. What rounding adds
    /// to the weights goes with the drift and with how far a row still moves them, which is 1/n: where the drift is small it may wait
    /// until the stream has grown by a sixteenth.
    func refinementRows(classes: Int, samples: Int, drift: Double) -> Int {
        drift > 1e-8 ? 64 * classes : max(64 * classes, samples / 16)
    }

    /// What a block of so many rows costs between P and the rank updates, in operations at the rate of a square product: the rows' sums,
    /// their scores by the weights before, and what calibration learns from these; and S, its factor, T and R's diagonal.
    ///
    /// The factors say how far from that rate such thin products and loops are (64 and 256 rows, D = 2048, C = 100).
    func chainOperations(rows: Int, classes: Int) -> (score: Double, factor: Double) {
        let (d, n, c) = (Double(width), Double(rows), Double(classes))
        let (sums, score) = sumOperations(rows: rows, classes: classes)
        return (score: n * 3.3 * d * c + sums + score, factor: 6 * d * n * n)
    }

    /// What rows cost in the same operations without products: their sums, and choosing and calibrating by their scores.
    func sumOperations(rows: Int, classes: Int) -> (sums: Double, score: Double) {
        (sums: 300 * Double(rows) * Double(width), score: 2500 * Double(rows) * Double(classes))
    }

    /// The width, in columns of D doubles, of all buffers that a view and its classifier hold: H and P of a block, gathered H and T, and
    /// what a probe takes.
    var scratchColumns: Int { 2 * blockRows + 2 * gatheredColumns + 1 + 2 * SymmetricPair.vectorColumns }
}
