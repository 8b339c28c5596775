internal import Synchronization

/// Products AᵀB of tall matrices with few columns, in tiles that the library multiplies in place.
///
/// `dgemm` copies both operands into the order that its kernel reads fastest. That pays if each element is used a few hundred times; if
/// both operands have only dozens of columns, the copy is half of the work. OpenBLAS has AVX-512 kernels that do not copy ("small matrix
/// optimization"). It uses them for products of at most 10⁶ multiply-adds, and for AᵀB only up to 1,200 elements.
enum DirectProduct {
    /// Rows and columns of a tile of the result.
    static let tile = KernelCosts.directTile
    private static let depth = KernelCosts.directDepth

    /// Whether the library has these kernels and uses one thread per call: it does not cut such small calls for more.
    static var isAvailable: Bool {
        hasKernels && (ComputeThreads.isLibrarySingle.load(ordering: .relaxed) || hadOneThread)
    }

    /// The thread count at process start, before any setting.
    private static let hadOneThread = BLASLibrary.current.threadCount == 1
    private static let hasKernels: Bool = {
        let library = BLASLibrary.current
        return library.provider == .openBLAS && hasKernels(core: library.core, version: library.version)
    }()

    /// Whether an OpenBLAS of this kernel name and version has them.
    static func hasKernels(core: String?, version: [Int]?) -> Bool {
        guard let core = core?.lowercased(), let version else { return false }
        return ["skylakex", "cooperlake", "sapphirerapids"].contains(core) && !version.lexicographicallyPrecedes([0, 3, 18])
    }

    /// Whether tiles are faster for an m×n result whose elements are sums of k terms.
    static func isFaster(m: Int, n: Int, k: Int) -> Bool { isAvailable && k >= depth / 2 && m * n <= KernelCosts.directResult }

    /// C ← α·op(A)·B + β·C, by tiles if they are faster.
    ///
    /// - Complexity: 2mnk operations.
    static func gemm(
        _ transA: CChar, m: Int, n: Int, k: Int, _ alpha: Double, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafePointer<Double>,
        ldb: Int, _ beta: Double, _ c: UnsafeMutablePointer<Double>, ldc: Int
    ) {
        guard transA == BLAS.t, isFaster(m: m, n: n, k: k) else {
            return BLAS.gemm(transA, BLAS.n, m: m, n: n, k: k, alpha, a, lda: lda, b, ldb: ldb, beta, c, ldc: ldc)
        }
        multiplyTransposed(m: m, n: n, k: k, alpha, a, lda: lda, b, ldb: ldb, beta, c, ldc: ldc)
    }

    /// C ← α·AᵀB + β·C by tiles.
    ///
    /// - Complexity: 2mnk operations.
    static func multiplyTransposed(
        m: Int, n: Int, k: Int, _ alpha: Double, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafePointer<Double>, ldb: Int,
        _ beta: Double, _ c: UnsafeMutablePointer<Double>, ldc: Int
    ) {
        // Terms are the outermost loop, so each element of a wide operand is read from memory once.
        for term in stride(from: 0, to: k, by: depth) {
            for column in stride(from: 0, to: n, by: tile) {
                for row in stride(from: 0, to: m, by: tile) {
                    BLAS.gemm(
                        BLAS.t, BLAS.n, m: min(tile, m - row), n: min(tile, n - column), k: min(depth, k - term), alpha,
                        a + term + row * lda, lda: lda, b + term + column * ldb, ldb: ldb, term == 0 ? beta : 1, c + row + column * ldc,
                        ldc: ldc)
                }
            }
        }
    }
}
