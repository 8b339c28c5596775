/// A symmetric matrix A = U T Uᵀ with T tridiagonal and U orthogonal, in A's own memory (`dsytrd`; Golub and Van Loan, Matrix
/// Computations, section 8.3.1).
public struct TridiagonalReduction: ~Copyable {
    /// T.
    public let form: TridiagonalForm
    /// A's square; its lower triangle holds the reflectors that make up U.
    private let square: NormalEquations
    /// The reflectors' factors.
    private let factors: [Double]

    /// Reduces A.
    ///
    /// - Parameter equations: A [D×D]; consumed.
    /// - Throws: `LinearAlgebraError.eigensolverFailed` if A is not finite; `.outOfMemory` for 64·D doubles.
    /// - Complexity: 4D³/3 operations on one thread, half of them at the speed of memory.
    public init(_ equations: consuming NormalEquations) throws(LinearAlgebraError) {
        let order = equations.dimension
        guard equations.isFinite else { throw .eigensolverFailed }
        var diagonal = [Double](repeating: 0, count: order)
        var offDiagonal = [Double](repeating: 0, count: max(1, order - 1))
        var factors = offDiagonal
        var work = try Matrix(rows: order, columns: BLAS.tridiagonalBlock)
        try work.withMutableElements { (work) throws(LinearAlgebraError) in
            try BLAS.sytrd(
                n: order, equations.lowerElements, lda: order, d: &diagonal, e: &offDiagonal, tau: &factors, work: work)
        }
        form = try TridiagonalForm(diagonal: diagonal, offDiagonal: offDiagonal)
        square = equations
        self.factors = factors
    }

    /// The memory of a reduction and of rotations besides A and B, in doubles.
    public static func workspaceDoubles(width: Int, columns: Double) -> Double {
        max(Double(width), columns) * Double(BLAS.tridiagonalBlock)
    }

    /// B ← UᵀB: into the basis of T.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory` for 64·C doubles; B is then unchanged.
    /// - Complexity: 2D²C operations.
    public func rotate(_ b: inout Matrix) throws(LinearAlgebraError) { try apply(&b, transposed: true) }

    /// B ← UB: back from the basis of T.
    ///
    /// - Throws: as of `rotate`.
    /// - Complexity: 2D²C operations.
    public func rotateBack(_ b: inout Matrix) throws(LinearAlgebraError) { try apply(&b, transposed: false) }

    private func apply(_ b: inout Matrix, transposed: Bool) throws(LinearAlgebraError) {
        let order = square.dimension
        precondition(b.rows == order, "shapes do not fit a rotation")
        var work = try Matrix(rows: max(1, b.columns), columns: BLAS.tridiagonalBlock)
        let (target, columns, reflectors) = (b.base, b.columns, UnsafePointer(square.lowerElements))
        try work.withMutableElements { (work) throws(LinearAlgebraError) in
            try BLAS.ormtr(
                transposed: transposed, n: order, columns: columns, reflectors, lda: order, tau: factors, target, ldb: order, work: work)
        }
    }
}
