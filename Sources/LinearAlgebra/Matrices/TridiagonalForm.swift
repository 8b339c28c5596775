/// A symmetric matrix A = U T Uᵀ with T tridiagonal and U orthogonal (`dsytrd`): after one reduction, (A+λI)X = B costs O(D·C) for
/// every λ.
///
/// U is not kept: right-hand sides are rotated once, and what does not depend on the basis is computed in T's (Golub and Van Loan, Matrix
/// Computations, section 8.3.1; Eldén, BIT 17, 1977, for ridge regression).
public struct TridiagonalForm: Sendable {
    /// T's diagonal.
    private let diagonal: [Double]
    /// T's other diagonal.
    private let offDiagonal: [Double]
    /// The eigenvalues of A, in ascending order; rounding may leave the least ones below zero.
    public let eigenvalues: [Double]

    /// Reduces A, and rotates B into the basis of T.
    ///
    /// - Parameters:
    ///   - equations: A [D×D]; consumed, its memory is the workspace.
    ///   - rotated: B [D×C]; UᵀB afterwards, undefined after an error.
    /// - Throws: `LinearAlgebraError.eigensolverFailed` if A is not finite; `.outOfMemory` for 64·max(D, C) doubles.
    /// - Complexity: 4D³/3 + 4D²C operations on one thread, half of the former at the speed of memory.
    public init(_ equations: consuming NormalEquations, rotating rotated: inout Matrix) throws(LinearAlgebraError) {
        let order = equations.dimension
        precondition(rotated.rows == order, "shapes do not fit a rotation")
        guard equations.isFinite else { throw .eigensolverFailed }
        var work = try Matrix(rows: max(order, rotated.columns), columns: BLAS.tridiagonalBlock)
        var diagonal = [Double](repeating: 0, count: order)
        var offDiagonal = [Double](repeating: 0, count: max(1, order - 1))
        let (right, columns) = (rotated.base, rotated.columns)
        try equations.withLowerElements { (a) throws(LinearAlgebraError) in
            try work.withMutableElements { (work) throws(LinearAlgebraError) in
                var tau = [Double](repeating: 0, count: max(1, order - 1))
                try BLAS.sytrd(n: order, a, lda: order, d: &diagonal, e: &offDiagonal, tau: &tau, work: work)
                try BLAS.ormtr(n: order, columns: columns, a, lda: order, tau: tau, right, ldb: order, work: work)
            }
        }
        var (eigenvalues, rest) = (diagonal, offDiagonal)
        try BLAS.sterf(n: order, d: &eigenvalues, e: &rest)
        guard let largest = eigenvalues.last, largest.isFinite, rotated.isFinite else { throw .eigensolverFailed }
        self.diagonal = diagonal
        self.offDiagonal = offDiagonal
        self.eigenvalues = eigenvalues
    }

    /// The memory of a reduction besides A and B, in doubles.
    public static func workspaceDoubles(width: Int, columns: Double) -> Double {
        max(Double(width), columns) * Double(BLAS.tridiagonalBlock)
    }

    /// B ← (T + shift·I)⁻¹B.
    ///
    /// - Throws: `LinearAlgebraError.notPositiveDefinite`; B is then unchanged.
    /// - Complexity: O(D·C).
    public func solve(shift: Double, _ b: inout Matrix) throws(LinearAlgebraError) {
        precondition(b.rows == diagonal.count, "shapes do not fit a solve")
        var pivots = diagonal.map { $0 + shift }
        var factors = offDiagonal
        try BLAS.pttrf(n: pivots.count, d: &pivots, e: &factors)
        BLAS.pttrs(n: pivots.count, columns: b.columns, d: pivots, e: factors, b.base, ldb: b.rows)
    }
}
