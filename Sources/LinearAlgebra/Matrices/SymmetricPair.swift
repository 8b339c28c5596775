/// Two symmetric D×D matrices in one allocation of little more than D² doubles: the Gram matrix G below, the regularised inverse R above.
///
/// R's upper triangle starts at the first element and G's lower triangle some rows below. One row would suffice. It is eight, and the
/// leading dimension is a multiple of eight, so that every column of both starts a cache line: kernels then touch half as many lines. G and
/// R together take half of what two squares would. A re-solve works in place: it copies G into the upper triangle, factors and inverts it
/// there, and leaves the lower one untouched.
///
/// - Note: the value owns its memory and belongs to one thread at a time.
public struct SymmetricPair: ~Copyable {
    /// D, the order of both matrices.
    public let dimension: Int
    private let bytes: Int
    private let storage: UnsafeMutablePointer<Double>
    /// What the sums in G's triangle have lost to rounding, as a `FoldedTriangle`; empty if they are not compensated.
    private(set) var gramRest: Matrix

    /// R(0,0).
    var inverse: UnsafeMutablePointer<Double> { storage }
    /// G(0,0).
    var gram: UnsafeMutablePointer<Double> { storage + Self.shift }
    var lead: Int { Self.lead(dimension: dimension) }

    /// Rows by which G is offset from R.
    private static let shift = 8
    private static func lead(dimension: Int) -> Int { (dimension + 7) / 8 * 8 + shift }

    /// Whether sums in G keep and add again what they lose to rounding. That takes D²/2 more doubles, so it stops at an order at which
    /// they fit a processor's caches; wider models hold their sums in Float64 alone.
    public static func isCompensated(dimension: Int) -> Bool { dimension <= KernelCosts.compensatedOrder }

    var isCompensated: Bool { gramRest.rows > 0 }

    /// A pair of zero matrices.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    public init(dimension: Int) throws(LinearAlgebraError) {
        precondition(dimension > 0, "a pair has a positive order")
        guard let bytes = Self.bytes(dimension: dimension), dimension < Int(Int32.max) else { throw .outOfMemory(bytes: .max) }
        let kept = Self.isCompensated(dimension: dimension) ? FoldedTriangle.shape(order: dimension) : (rows: 0, columns: 0)
        let gramRest = try Matrix(rows: kept.rows, columns: kept.columns)
        let memory = try AlignedMemory.allocate(bytes: bytes)
        self.gramRest = gramRest
        self.dimension = dimension
        self.bytes = bytes
        storage = memory.assumingMemoryBound(to: Double.self)
    }

    deinit {
        AlignedMemory.deallocate(storage, bytes: bytes)
    }

    /// D·(D rounded up to a multiple of eight, plus eight)·8, or nil on overflow.
    public static func bytes(dimension: Int) -> Int? {
        guard dimension <= Int.max - 16 else { return nil }
        return Matrix.bytes(rows: dimension, columns: lead(dimension: dimension))
    }

    /// The doubles that compensation takes besides; 0 if the sums are not compensated.
    public static func compensationCount(dimension: Int) -> Int {
        guard isCompensated(dimension: dimension) else { return 0 }
        let (rows, columns) = FoldedTriangle.shape(order: dimension)
        return rows * columns
    }

    // MARK: Rank updates

    /// G ← G + α·AAᵀ over some columns of a D×n matrix (on one triangle).
    ///
    /// - Complexity: D²n multiply-adds over two.
    public mutating func addToGram(_ a: borrowing Matrix, columns: Range<Int>? = nil, times alpha: Double = 1) {
        gramUpdate(a, columns ?? 0..<a.columns, alpha).perform()
    }

    /// What G ← G + AAᵀ costs for a D×n matrix, and on how many threads.
    public func costOfAddingToGram(_ a: borrowing Matrix) -> GramUpdateCost { gramUpdate(a, 0..<a.columns, 1).cost }

    /// G ← G + AAᵀ for a D×n matrix (on one triangle) on all threads, while some of them first do a chain each.
    ///
    /// - Parameters:
    ///   - chains: how many; called on one thread alone each, at once.
    ///   - chain: is given its number; must touch nothing of this, and nothing that another chain does.
    /// - Complexity: D²n multiply-adds over two.
    public mutating func addToGram(_ a: borrowing Matrix, besideChains chains: Int, _ chain: (Int) -> Void) {
        gramUpdate(a, 0..<a.columns, 1).perform(besideChains: chains, chain)
    }

    /// R ← R − TTᵀ for a D×n matrix (on one triangle); G already includes the rows.
    ///
    /// - Complexity: D²n multiply-adds over two.
    public mutating func subtractFromInverse(_ t: borrowing Matrix) {
        inverseUpdate(t, 0..<t.columns, -1).perform()
    }

    /// Takes over another pair's lost roundings of G.
    mutating func takeGramRest(of other: borrowing SymmetricPair) {
        gramRest.base.update(from: other.gramRest.base, count: gramRest.rows * gramRest.columns)
    }

    /// Clears the lost roundings of G, which has been set from elsewhere.
    mutating func clearGramRest() { gramRest.fill(0) }

    /// R ← R − TTᵀ and G ← G + HHᵀ over some columns of two D×n matrices (on one triangle each): learns rows.
    ///
    /// - Complexity: D²n multiply-adds.
    public mutating func learn(_ t: borrowing Matrix, _ h: borrowing Matrix, columns: Range<Int>) {
        inverseUpdate(t, columns, -1).perform(with: gramUpdate(h, columns, 1))
    }

    /// R ← R + TTᵀ and G ← G − HHᵀ (on one triangle each): unlearns rows.
    ///
    /// - Complexity: D²n multiply-adds.
    public mutating func unlearn(_ t: borrowing Matrix, _ h: borrowing Matrix) {
        inverseUpdate(t, 0..<t.columns, 1).perform(with: gramUpdate(h, 0..<h.columns, -1))
    }

    private func inverseUpdate(_ t: borrowing Matrix, _ columns: Range<Int>, _ alpha: Double) -> RankUpdate {
        precondition(t.rows == dimension && columns.upperBound <= t.columns, "shapes do not fit a rank update")
        return RankUpdate(
            uplo: BLAS.upper, order: dimension, a: t.base + columns.lowerBound * t.rows, depth: columns.count, factor: alpha,
            target: inverse, lead: lead)
    }

    private func gramUpdate(_ h: borrowing Matrix, _ columns: Range<Int>, _ alpha: Double) -> RankUpdate {
        precondition(h.rows == dimension && columns.upperBound <= h.columns, "shapes do not fit a rank update")
        return RankUpdate(
            uplo: BLAS.lower, order: dimension, a: h.base + columns.lowerBound * h.rows, depth: columns.count, factor: alpha,
            target: gram, lead: lead, rest: isCompensated ? gramRest.base : nil)
    }

    // MARK: Products

    /// Most columns of memory of a product with a vector, for the parts that threads compute.
    public static let vectorColumns = KernelCosts.vectorShares

    /// target ← R·B.
    ///
    /// - Parameters:
    ///   - b: B [D×n].
    ///   - target: D×n afterwards. Its memory grows to n columns, or up to `vectorColumns` for n = 1.
    /// - Throws: `LinearAlgebraError.outOfMemory` if it cannot grow.
    /// - Complexity: 2D²n operations.
    public func multiplyInverse(_ b: borrowing Matrix, into target: inout Matrix) throws(LinearAlgebraError) {
        try multiply(inverse, BLAS.upper, b, &target)
    }

    /// target ← G·B; see `multiplyInverse`.
    public func multiplyGram(_ b: borrowing Matrix, into target: inout Matrix) throws(LinearAlgebraError) {
        try multiply(gram, BLAS.lower, b, &target)
    }

    private func multiply(
        _ a: UnsafePointer<Double>, _ uplo: CChar, _ b: borrowing Matrix, _ target: inout Matrix
    ) throws(LinearAlgebraError) {
        precondition(b.rows == dimension && target.rows == dimension, "shapes do not fit a symmetric product")
        guard b.columns == 1 else {
            try target.reshapeScratch(columns: b.columns)
            return SymmetricKernel.multiply(uplo: uplo, order: dimension, a, lda: lead, b.base, columns: b.columns, into: target.base)
        }
        // The parts of a product with a vector are side by side in the target until they are added.
        let shares = SymmetricKernel.vectorShares(order: dimension)
        try target.reshapeScratch(columns: shares)
        let (order, lead, x, parts) = (dimension, lead, b.base, target.base)
        ComputeThreads.concurrently(shares, threads: shares) { share in
            SymmetricKernel.multiply(share: share, of: shares, uplo: uplo, order: order, a, lda: lead, x, into: parts + share * order)
        }
        for share in 1..<max(1, shares) {
            let part = parts + share * order
            for row in 0..<order { parts[row] += part[row] }
        }
        try target.reshapeScratch(columns: 1)
    }

    // MARK: Solving

    /// R ← I/λ: the inverse before anything has been learned.
    public mutating func resetInverse(ridge: Double) {
        for column in 0..<dimension {
            let top = inverse + column * lead
            top.update(repeating: 0, count: column)
            top[column] = 1 / ridge
        }
    }

    /// Solves (G+λI)W = Q and sets R = (G+λI)⁻¹, in place (`dpotrf`, `dpotrs`, `dpotri`).
    ///
    /// - Parameters:
    ///   - ridge: λ.
    ///   - weights: holds Q [D×C] on entry and W on return; undefined after an error.
    /// - Throws: `LinearAlgebraError.notPositiveDefinite`; R is then undefined until another solve sets it. G is never touched.
    /// - Complexity: D³ + 2D²C multiply-adds.
    public mutating func solve(ridge: Double, weights: inout Matrix) throws(LinearAlgebraError) {
        try solve(ridge: ridge, weights: &weights, inverts: true)
    }

    /// Solves (G+λI)W = Q alone (`dpotrf`, `dpotrs`). R is undefined afterwards, until another solve sets it.
    ///
    /// - Parameters: as of `solve`.
    /// - Throws: `LinearAlgebraError.notPositiveDefinite`. G is never touched.
    /// - Complexity: D³/3 + 2D²C multiply-adds over two.
    public mutating func solveWeights(ridge: Double, weights: inout Matrix) throws(LinearAlgebraError) {
        try solve(ridge: ridge, weights: &weights, inverts: false)
    }

    private mutating func solve(ridge: Double, weights: inout Matrix, inverts: Bool) throws(LinearAlgebraError) {
        precondition(weights.rows == dimension, "shapes do not fit a solve")
        copyGramAboveDiagonal(adding: ridge)
        let (order, r, lead, solution, columns) = (dimension, inverse, lead, weights.base, weights.columns)
        try ComputeThreads.lendToLibrary(order: order) { () throws(LinearAlgebraError) in
            try BLAS.potrf(BLAS.upper, n: order, r, lda: lead)
            BLAS.potrs(BLAS.upper, n: order, columns: columns, r, lda: lead, solution, ldb: order)
            if inverts { try BLAS.potri(BLAS.upper, n: order, r, lda: lead) }
        }
    }

    /// The same through the eigenvectors of G+λI (`dsyevd`), leaving out eigenvalues below ε·D·max: a pseudo-inverse, used if Cholesky
    /// fails.
    ///
    /// - Returns: the left-out eigenvectors [D×k].
    /// - Throws: `LinearAlgebraError.eigensolverFailed`, or `outOfMemory`: it needs 3D² more doubles.
    /// - Complexity: about 9D³.
    @discardableResult
    public mutating func solveBySpectrum(ridge: Double, weights: inout Matrix) throws(LinearAlgebraError) -> Matrix {
        precondition(weights.rows == dimension, "shapes do not fit a solve")
        var vectors = try Matrix(rows: dimension, columns: dimension)
        for column in 0..<dimension {
            let source = gram + column * lead
            let target = vectors.base + column * dimension
            (target + column).update(from: source + column, count: dimension - column)
            target[column] += ridge
        }
        let kept = try Spectrum.solve(&vectors, &weights)
        // R is one rank update of V·diag(w^−½) with itself.
        let (order, r, lead) = (dimension, inverse, lead)
        ComputeThreads.lendToLibrary(order: order) {
            BLAS.syrk(
                uplo: BLAS.upper, n: order, k: kept.count, 1, vectors.base + kept.lowerBound * order, lda: order, 0, r, ldc: lead)
        }
        vectors.dropColumns(from: kept.lowerBound)
        return vectors
    }

    private mutating func copyGramAboveDiagonal(adding ridge: Double) {
        Tiles.forEach(.lower, of: 0..<dimension) { column, rows in
            let source = gram + column * lead
            for row in rows { inverse[column + row * lead] = source[row] }
        }
        let elements = inverse
        for index in 0..<dimension { elements[index + index * lead] += ridge }
    }
}

// Proof: as for `Matrix`: one owner that cannot be copied, exclusive access to write, and borrowing only reads.
extension SymmetricPair: @unchecked Sendable {}
