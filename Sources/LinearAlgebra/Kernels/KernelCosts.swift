/// Costs of the matrix routines, as far as they decide between ways of learning. All measured constants are here.
///
/// A routine whose thin side is n wide runs at n/(n + h) of the square product's rate. The *half width* h is the width at which it reaches
/// half of that rate: packing the wide operand costs as much as h columns of arithmetic. The constants fit OpenBLAS 0.3.21 on an x86-64
/// core of 2024 (Haswell and SkylakeX kernels, D from 2048 to 8192, n from 8 to 512) within a tenth. Other optimised libraries have the
/// same structure, and every cross-over derived from the constants is flat.
package enum KernelCosts {
    /// Half width of a symmetric product in blocks, `SymmetricKernel.multiply`.
    package static let productHalfWidth = 13.0
    /// Half width (depth) of a rank update, `SymmetricKernel.update`.
    package static let updateHalfWidth = 8.0
    /// Rate of `dpotrf` with `dpotri`, as a fraction of the square product's.
    package static let solveRate = 0.6
    /// Rate of a block's products with the weights; likewise.
    package static let weightRate = 0.77
    /// Rate of triangular solves with a column for each class, by `dtrsm` alone or in `dpotrs`; likewise. Only a strip of this width along
    /// the diagonal is so slow.
    package static let triangleRate = 0.25
    package static let triangleWidth = 256.0
    /// The time that a solution takes for each element of the weights besides (they are copied, checked, and get memory of their own), in
    /// operations.
    package static let weightPasses = 750.0

    /// Largest order of a product for `dsymm`, which packs its matrix element by element, at two thirds of `dgemm`'s rate.
    static let productBlock = 512

    /// Most shares of a product with a vector: a few threads use up the memory bandwidth.
    static let vectorShares = 8
    /// Columns of such a share below which handing it over costs more than it saves.
    static let vectorShareColumns = 256
    /// Piece of a matrix that is read twice, the second time from cache: 128 KiB, half of the smallest second-level cache of servers.
    static let vectorPiece = (rows: 512, columns: 32)
    /// A piece of an update that runs beside other work is what is left over this and the threads. Each piece packs its operands again.
    static let pieceShare = 1.5
    /// The least piece is the whole over this and the threads: other threads wait for the last pieces.
    static let lastPieces = 16.0

    /// Width of a triangle that is inverted, or left to `dtrsm`.
    static let triangleBlock = 64

    // `DirectProduct`, for OpenBLAS's AVX-512 kernels; a call takes at most 10⁶ multiply-adds.

    /// Rows and columns of a tile of AᵀB.
    static let directTile = 32
    /// Terms of a tile that one call adds: 128 KiB of each operand.
    static let directDepth = 512
    /// Largest number of elements of AᵀB for which tiles are faster; wider products use each element of an operand often enough.
    static let directResult = 8192
    /// Columns of a symmetric matrix in a strip, and order of the diagonal blocks that are written out.
    static let directStrip = 128
    /// Part of a strip that one call multiplies.
    static let directCall = (columns: 16, terms: 480)
    /// Most columns on the other side for which strips are faster.
    static let directColumns = 64

    /// Columns of a small symmetric product that are computed together.
    static let symmetricStripe = 64
    /// Largest order for which sums in G keep what they lose to rounding: 8 MiB, which a cache still holds.
    static let compensatedOrder = 1024
    /// Time of a compensated update over that of a plain one.
    static let compensatedCost = 2.0
}
