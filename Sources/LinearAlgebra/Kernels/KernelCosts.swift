/// What the matrix routines cost, as far as the ways of learning differ in it: the one place where measured constants stand.
///
/// A routine whose thin side is n wide runs at the fraction n/(n + h) of the square product's rate, where h, the *half width*, is the
/// width at which it reaches half of it: packing the wide operand costs as much as h columns of arithmetic. The constants below fit what
/// OpenBLAS 0.3.21 does on an x86-64 core of 2024 (Haswell and SkylakeX kernels, D from 2048 to 8192, n from 8 to 512) within a tenth;
/// other optimised libraries have the same structure, and every cross-over that follows from them is flat.
package enum KernelCosts {
    /// The half width of a symmetric product in blocks, `SymmetricKernel.multiply`.
    package static let productHalfWidth = 13.0
    /// The half width (depth) of a rank update, `SymmetricKernel.update`.
    package static let updateHalfWidth = 8.0
    /// The rate of `dpotrf` with `dpotri`, as a fraction of the square product's.
    package static let solveRate = 0.6

    /// The order up to which a product is left to `dsymm`, which packs its matrix element by element, at two thirds of `dgemm`'s rate.
    static let productBlock = 512

    /// The most shares of a product with a vector, which is bound by memory: few threads use that up.
    static let vectorShares = 8
    /// The columns of a share of such a product below which handing it over costs more than it saves.
    static let vectorShareColumns = 256
    /// What of a matrix is read twice, the second time from a cache: 128 KiB, half of the smallest second level there is in servers.
    static let vectorPiece = (rows: 512, columns: 32)
    /// A piece of an update beside which other work is done is what is left, divided by this and the threads: each packs its operands anew.
    static let pieceShare = 1.5
    /// The least piece is the whole, divided by this and the threads: the last ones are waited for.
    static let lastPieces = 16.0

    /// The width of a triangle that is inverted, or left to `dtrsm`.
    static let triangleBlock = 64

    // Of `DirectProduct`, for AVX-512 kernels of OpenBLAS; a call takes at most 10⁶ multiply-adds.

    /// The rows and columns of a tile of AᵀB.
    static let directTile = 32
    /// The terms of such a tile that are added up by one call: 128 KiB of each operand.
    static let directDepth = 512
    /// The elements of AᵀB up to which tiles are faster; of wider products each element of an operand is used often enough.
    static let directResult = 8192
    /// The columns of a symmetric matrix that are gone through at once, and the order of the blocks on its diagonal that are written out.
    static let directStrip = 128
    /// What of a strip one call multiplies.
    static let directCall = (columns: 16, terms: 480)
    /// The most columns on the other side for which strips are faster.
    static let directColumns = 64

    /// The columns of a small symmetric product that are made at once.
    static let symmetricStripe = 64
    /// The order up to which sums in G keep what they lose to rounding: 8 MiB, where a tile more or less is in a cache.
    static let compensatedOrder = 1024
    /// The time of a compensated update over that of a plain one.
    static let compensatedCost = 2.0
}
