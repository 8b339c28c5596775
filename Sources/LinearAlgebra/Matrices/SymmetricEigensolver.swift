/// Eigenvectors of small symmetric matrices (`dsyevd`); the workspace is kept between calls.
public struct SymmetricEigensolver: ~Copyable {
    /// The largest order that fits the workspace.
    public let largestOrder: Int
    /// The eigenvalues of the last matrix, in ascending order.
    public private(set) var values: [Double]
    private var work: Matrix
    private var integerWork: [Int32]

    /// A solver for matrices up to an order.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`: it takes about 2·order² doubles.
    public init(largestOrder: Int) throws(LinearAlgebraError) {
        precondition(largestOrder >= 0, "a matrix has no negative extent")
        let (doubles, integers) = BLAS.syevdWorkspace(n: largestOrder)
        let memory = try Matrix(rows: doubles, columns: 1)
        self.largestOrder = largestOrder
        values = [Double](repeating: 0, count: largestOrder)
        work = memory
        integerWork = [Int32](repeating: 0, count: integers)
    }

    /// Overwrites a symmetric matrix with its eigenvectors and sets `values`. Reads the lower triangle only.
    ///
    /// - Throws: `LinearAlgebraError.eigensolverFailed`; the matrix is then undefined.
    /// - Complexity: O(n³).
    public mutating func decompose(_ matrix: inout Matrix) throws(LinearAlgebraError) {
        precondition(matrix.rows == matrix.columns && matrix.rows <= largestOrder, "an eigensolver of another order")
        let order = matrix.rows
        guard order > 0 else { return }
        let base = matrix.base
        try values.withUnsafeMutableBufferPointer { values throws(LinearAlgebraError) in
            try integerWork.withUnsafeMutableBufferPointer { integers throws(LinearAlgebraError) in
                try work.withMutableElements { doubles throws(LinearAlgebraError) in
                    try BLAS.syevd(
                        BLAS.lower, n: order, base, lda: order, values: values.baseAddress!, work: doubles, integerWork: integers)
                }
            }
        }
    }
}
