/// A symmetric tridiagonal matrix T: (T+λI)X = B costs O(D·C) for every λ.
///
/// With A = U T Uᵀ, ridge regressions with any ridge follow from one reduction (Eldén, BIT 17, 1977).
public struct TridiagonalForm: Sendable {
    private let diagonal: [Double]
    private let offDiagonal: [Double]
    /// The eigenvalues, in ascending order; rounding may leave the least ones below zero.
    public let eigenvalues: [Double]

    /// - Parameters:
    ///   - diagonal: D elements.
    ///   - offDiagonal: D − 1 elements, or one if D is 1.
    /// - Throws: `LinearAlgebraError.eigensolverFailed` if it is not finite.
    /// - Complexity: O(D²).
    init(diagonal: [Double], offDiagonal: [Double]) throws(LinearAlgebraError) {
        var (eigenvalues, rest) = (diagonal, offDiagonal)
        try BLAS.sterf(n: diagonal.count, d: &eigenvalues, e: &rest)
        guard let largest = eigenvalues.last, largest.isFinite else { throw .eigensolverFailed }
        self.diagonal = diagonal
        self.offDiagonal = offDiagonal
        self.eigenvalues = eigenvalues
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
