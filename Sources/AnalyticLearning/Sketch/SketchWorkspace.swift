internal import LinearAlgebra

/// Buffers that all sketches of a model share while one of them is rotated.
struct SketchWorkspace: ~Copyable {
    var products: Matrix
    var rotated: Matrix
    var eigensolver: SymmetricEigensolver

    /// - Throws: `LinearAlgebraError.outOfMemory`.
    init(width: Int, rank: Int) throws(LinearAlgebraError) {
        let products = try Matrix(rows: 2 * rank, columns: 2 * rank)
        let rotated = try Matrix(rows: width, columns: 2 * rank)
        let eigensolver = try SymmetricEigensolver(largestOrder: 2 * rank)
        self.products = products
        self.rotated = rotated
        self.eigensolver = eigensolver
    }
}
