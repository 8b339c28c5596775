/// When which way of learning is cheapest, for a model of width D.
///
/// The recursion costs 4D²n for n rows: D²n each for R's product's two halves, R's update and G's. Accumulating and solving once costs D²n
/// and then D³ (`dpotrf` D³/3, `dpotri` 2D³/3), so bulk wins from 3D²n > D³. Within the recursion, S = I + HRHᵀ and its triangular solve
/// cost 3n²D more, which bounds the width of a block; rank updates thinner than the kernel of `dsyrk` is wide waste it, so they are
/// gathered.
struct CostModel {
    let width: Int

    /// The rows from which a request is accumulated and solved once.
    var bulkRows: Int { max(2, width / 3) }

    /// The most rows that go through the recursion at once: at D/8 the terms in n² cost a tenth of the whole.
    var blockRows: Int { min(256, max(16, width / 8)) }

    /// Blocks narrower than this are gathered before they are applied to R and G. Measured: `dsyrk` reaches nine tenths of its full rate at
    /// a depth of 128, and half of it at 32.
    var gatherBelow: Int { 64 }

    /// How many gathered columns are applied at once.
    var gatheredColumns: Int { 128 }

    /// The rows after which R is held against G again. Two `dsymv` of G and R cost as much as learning one or two rows.
    var probeRows: Int { max(256, width / 4) }

    /// The width, in columns of D doubles, of all buffers that a view and its classifier hold: H and P of a block, gathered H and T.
    var scratchColumns: Int { 2 * blockRows + 2 * gatheredColumns }
}
