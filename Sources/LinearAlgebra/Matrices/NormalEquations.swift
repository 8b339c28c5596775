/// A Gram matrix separate from a model's, to be changed freely and solved once, in one D×D square.
///
/// The lower triangle holds the matrix. Factoring overwrites it after copying it to the upper triangle, so a failed Cholesky factorisation
/// costs no second square.
public struct NormalEquations: ~Copyable {
    /// How a solution was found.
    public struct Solution: Sendable, Equatable {
        /// Estimated condition number of A+λI in the 1-norm; infinite if directions were left out.
        public let conditionEstimate: Double
        /// Whether Cholesky failed and directions below working precision were left out.
        public let isTruncated: Bool
        /// The ridge from which the matrix would be well conditioned.
        public let curingRidge: Double
    }

    /// D, the order.
    public let dimension: Int
    private var matrix: Matrix
    /// A's own diagonal, while the one in the square belongs to a factor.
    private var diagonal: [Double] = []
    private var isFactored = false

    /// A copy of a model's Gram matrix.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    /// - Complexity: O(D²).
    public init(gramOf pair: borrowing SymmetricPair) throws(LinearAlgebraError) {
        let matrix = try Matrix(rows: pair.dimension, columns: pair.dimension)
        for column in 0..<pair.dimension {
            (matrix.base + column * (pair.dimension + 1)).update(
                from: pair.gram + column * pair.lead + column, count: pair.dimension - column)
        }
        dimension = pair.dimension
        self.matrix = matrix
    }

    /// A matrix from its packed lower triangle, in the order of `SymmetricPair.forEachPackedGram`.
    ///
    /// - Precondition: the buffer holds D(D+1)/2 elements.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    public init(dimension: Int, packedLower elements: UnsafeBufferPointer<Double>) throws(LinearAlgebraError) {
        let matrix = try Matrix(rows: dimension, columns: dimension)
        precondition(elements.count == dimension * (dimension + 1) / 2, "a packed triangle of another size")
        for row in 0..<dimension {
            let offset = SymmetricPair.packedOffset(row)
            for column in 0...row { matrix.base[row + column * dimension] = elements[offset + column] }
        }
        self.dimension = dimension
        self.matrix = matrix
    }

    /// A(row, column), in either triangle.
    public subscript(row: Int, column: Int) -> Double {
        if isFactored { return row == column ? diagonal[row] : matrix[min(row, column), max(row, column)] }
        return matrix[max(row, column), min(row, column)]
    }

    /// The sum of the diagonal.
    public var trace: Double {
        var sum = 0.0
        for index in 0..<dimension { sum += self[index, index] }
        return sum
    }

    // MARK: Changing

    /// A ← A + α·HHᵀ over some columns of a D×n matrix (on one triangle).
    public mutating func add(_ h: borrowing Matrix, columns: Range<Int>? = nil, times alpha: Double = 1) {
        let range = columns ?? 0..<h.columns
        precondition(!isFactored && h.rows == dimension && range.upperBound <= h.columns, "shapes do not fit a rank update")
        RankUpdate(
            uplo: BLAS.lower, order: dimension, a: h.base + range.lowerBound * h.rows, depth: range.count, factor: alpha,
            target: matrix.base, lead: dimension
        ).perform()
    }

    /// A ← A + α·B.
    public mutating func add(_ other: borrowing PackedSymmetric, times alpha: Double) {
        precondition(!isFactored && other.dimension == dimension, "matrices of different order")
        other.add(to: matrix.base, lead: dimension, times: alpha)
    }

    /// A ← A + G.
    public mutating func add(gramOf pair: borrowing SymmetricPair) {
        precondition(!isFactored && pair.dimension == dimension, "matrices of different order")
        for column in 0..<dimension {
            let (source, target) = (pair.gram + column * pair.lead, matrix.base + column * dimension)
            for row in column..<dimension { target[row] += source[row] }
        }
    }

    /// A ← α·A.
    public mutating func scale(by alpha: Double) {
        precondition(!isFactored, "a factor is not scaled")
        for column in 0..<dimension {
            let target = matrix.base + column * dimension
            for row in column..<dimension { target[row] *= alpha }
        }
    }

    /// Whether every element is finite.
    public var isFinite: Bool { matrix.isFinite }

    /// target ← A·B.
    public func multiply(_ b: borrowing Matrix, into target: inout Matrix) throws(LinearAlgebraError) {
        precondition(!isFactored && b.rows == dimension && target.rows == dimension, "shapes do not fit a symmetric product")
        try target.reshapeScratch(columns: b.columns)
        SymmetricKernel.multiply(
            uplo: BLAS.lower, order: dimension, matrix.base, lda: dimension, b.base, columns: b.columns, into: target.base)
    }

    /// A's square, whose lower triangle holds A: for a type that owns this value and keeps something else there.
    var lowerElements: UnsafeMutablePointer<Double> {
        precondition(!isFactored, "factored already")
        return matrix.base
    }

    // MARK: Factoring

    /// Estimates ‖(A + shift·I)⁻¹‖ in the 1-norm. Afterwards A can still be read and copied back, but not changed.
    ///
    /// - Throws: `LinearAlgebraError.notPositiveDefinite` if A + shift·I has no Cholesky factor.
    /// - Complexity: D³/3 multiply-adds over two.
    public mutating func factoredInverseNorm(shift: Double) throws(LinearAlgebraError) -> Double {
        let norm = try factor(shift: shift)
        var work = [Double](repeating: 0, count: 3 * dimension)
        var integerWork = [Int32](repeating: 0, count: dimension)
        let reciprocal = BLAS.pocon(
            BLAS.lower, n: dimension, matrix.base, lda: dimension, norm: norm, work: &work, integerWork: &integerWork)
        return reciprocal > 0 ? 1 / (reciprocal * norm) : .infinity
    }

    /// Solves (A+λI)X = B by Cholesky (`dpotrf`, `dpotrs`), or by the spectrum (`dsyevd`), leaving out eigenvalues below ε·D·max, if
    /// Cholesky fails or succeeds only by luck because A+λI is ill conditioned.
    ///
    /// - Parameters:
    ///   - ridge: λ.
    ///   - solution: holds B [D×C] on entry and X on return; undefined after an error.
    /// - Throws: `LinearAlgebraError.eigensolverFailed` if the spectrum fails too or X is not finite; `outOfMemory` if there is no room for
    ///   the spectrum's 2D² doubles.
    /// - Complexity: D³/6 + D²C multiply-adds; by the spectrum about 9D³.
    public mutating func solve(ridge: Double, _ solution: inout Matrix) throws(LinearAlgebraError) -> Solution {
        precondition(solution.rows == dimension, "shapes do not fit a solve")
        let curingRidge = Conditioning.curingRidge(trace: trace)
        var work = [Double](repeating: 0, count: 3 * dimension)
        var integerWork = [Int32](repeating: 0, count: dimension)
        var condition = Double.infinity
        do {
            let norm = try factor(shift: ridge)
            let reciprocal = BLAS.pocon(
                BLAS.lower, n: dimension, matrix.base, lda: dimension, norm: norm, work: &work, integerWork: &integerWork)
            condition = reciprocal > 0 ? 1 / reciprocal : .infinity
        } catch { condition = .infinity }
        guard condition <= Conditioning.largestFactored else {
            try solveBySpectrum(ridge: ridge, &solution)
            return Solution(conditionEstimate: .infinity, isTruncated: true, curingRidge: curingRidge)
        }
        let (order, factor, columns, target) = (dimension, UnsafePointer(matrix.base), solution.columns, solution.base)
        ComputeThreads.lendToLibrary(order: order) {
            BLAS.potrs(BLAS.lower, n: order, columns: columns, factor, lda: order, target, ldb: order)
        }
        guard solution.isFinite else { throw .eigensolverFailed }
        return Solution(conditionEstimate: condition, isTruncated: false, curingRidge: curingRidge)
    }

    /// Copies A into the upper triangle and factors A + shift·I in the lower one.
    ///
    /// - Returns: the 1-norm of A + shift·I.
    @discardableResult
    private mutating func factor(shift: Double) throws(LinearAlgebraError) -> Double {
        precondition(!isFactored, "factored already")
        diagonal = (0..<dimension).map { matrix.base[$0 * (dimension + 1)] }
        mirror(toUpper: true)
        isFactored = true
        let base = matrix.base
        for index in 0..<dimension { base[index * (dimension + 1)] += shift }
        var work = [Double](repeating: 0, count: dimension)
        let norm = BLAS.oneNorm(BLAS.lower, n: dimension, matrix.base, lda: dimension, work: &work)
        let order = dimension
        try ComputeThreads.lendToLibrary(order: order) { () throws(LinearAlgebraError) in
            try BLAS.potrf(BLAS.lower, n: order, base, lda: order)
        }
        return norm
    }

    private mutating func solveBySpectrum(ridge: Double, _ solution: inout Matrix) throws(LinearAlgebraError) {
        mirror(toUpper: false)
        for index in 0..<dimension { matrix.base[index * (dimension + 1)] = diagonal[index] + ridge }
        guard isFinite else { throw .eigensolverFailed }
        _ = try Spectrum.solve(&matrix, &solution)
        guard solution.isFinite else { throw .eigensolverFailed }
    }

    /// Copies one triangle into the other.
    private mutating func mirror(toUpper: Bool) {
        let (base, order) = (matrix.base, dimension)
        Tiles.forEach(.lower, of: 0..<order) { column, rows in
            for row in rows {
                let (below, above) = (row + column * order, column + row * order)
                if toUpper { base[above] = base[below] } else { base[below] = base[above] }
            }
        }
    }
}

// Needs no proof: everything it holds is Sendable.
extension NormalEquations: Sendable {}

extension SymmetricPair {
    /// G ← A, even after A has been factored.
    ///
    /// - Complexity: O(D²).
    public mutating func setGram(_ other: borrowing NormalEquations) {
        clearGramRest()
        precondition(other.dimension == dimension, "matrices of different order")
        other.copyLower(to: gram, lead: lead)
    }
}

extension NormalEquations {
    /// Writes A's lower triangle to a column-major place.
    fileprivate func copyLower(to target: UnsafeMutablePointer<Double>, lead: Int) {
        let (base, order) = (matrix.base, dimension)
        Tiles.forEach(.lower, of: 0..<order) { column, rows in
            for row in rows {
                target[row + column * lead] =
                    !isFactored ? base[row + column * order] : row == column ? diagonal[row] : base[column + row * order]
            }
        }
    }
}
