internal import LinearAlgebra

/// The change of R by a block of rows: P = RHᵀ, S = I ± HP = LLᵀ and T = PL⁻ᵀ; and R's diagonal, which follows from T.
///
/// It does not depend on W or labels, so a block may be scored while it is factored.
struct InverseUpdate: ~Copyable {
    /// P, then T [D×n].
    var p: Matrix
    /// S, then L [n×n].
    private(set) var s: Matrix
    /// The diagonal of R, including gathered rows.
    private(set) var diagonal: [Double]
    /// The trace of G, including gathered rows. Times the largest element of R's diagonal it bounds the condition.
    private(set) var gramTrace = 0.0

    /// - Parameter blockRows: the most rows in a block.
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    init(width: Int, blockRows: Int, ridge: Double) throws(LinearAlgebraError) {
        let p = try Matrix(rows: width, columns: 0, columnCapacity: blockRows)
        let s = try Matrix(rows: 0, columns: 0)
        self.p = p
        self.s = s
        diagonal = [Double](repeating: 1 / ridge, count: width)
    }

    /// Makes room for a block of this many rows.
    mutating func reserve(rows: Int) throws(LinearAlgebraError) {
        try s.reshapeScratch(rows: rows, columns: rows)
        try p.reshapeScratch(columns: rows)
    }

    /// Returns the memory of a wide block to the system, except for that of this many rows.
    mutating func discard(beyond rows: Int) {
        p.dropColumns(from: rows)
        s.dropColumns(from: 0)
    }

    /// Returns the memory of P and S to the system until the next block.
    mutating func rest() {
        p.discardColumns()
        s.discardColumns()
    }

    /// The largest element of R's diagonal.
    var largestInverse: Double { diagonal.max() ?? 0 }

    /// R's diagonal and G's trace, to be restored if a change fails.
    var sums: (diagonal: [Double], gramTrace: Double) {
        get { (diagonal, gramTrace) }
        set { (diagonal, gramTrace) = newValue }
    }

    /// Reads R's diagonal from the square.
    mutating func readDiagonal(_ square: borrowing SymmetricPair) {
        for index in diagonal.indices { diagonal[index] = square.inverseElement(index, index) }
    }

    /// Reads the trace of G from the square.
    mutating func readTrace(_ square: borrowing SymmetricPair) { gramTrace = square.gramTrace }

    /// S = I + HP, its factor L, and T, for learned rows h [D×n].
    ///
    /// The diagonal of L shows how much R shrinks along a row: a factor of 10¹³ leaves three digits of it, a failing
    /// factorisation none.
    ///
    /// - Returns: the largest such factor; nil if R has lost so much that its downdate would be noise. P is then untouched.
    /// - Complexity: 3Dn² operations.
    mutating func factor(_ h: borrowing Matrix) -> Double? {
        s.multiplyLower(h, transposedBy: p)
        for index in 0..<s.rows { s[index, index] += 1 }
        do { try s.factorCholesky() } catch { return nil }
        var shrinkage = 1.0
        for index in 0..<s.rows { shrinkage = max(shrinkage, s[index, index] * s[index, index]) }
        guard shrinkage <= Self.largestShrinkage else { return nil }
        p.solveRightTransposed(lower: s)
        p.subtractRowSquares(from: &diagonal)
        gramTrace += h.sumOfSquares
        return shrinkage
    }

    private static let largestShrinkage = 1e13

    /// The same, in parallel with the rest of a block's work.
    ///
    /// The two closures capture different variables, not parts of one, so that they can run on different threads.
    ///
    /// - Parameters:
    ///   - schedule: decides whether G is updated too.
    ///   - score: must touch neither the square nor this value.
    mutating func factor(
        _ h: borrowing Matrix, _ schedule: BlockSchedule, _ square: inout SymmetricPair, beside score: () -> Void
    ) -> Double? {
        var shrinkage: Double?
        schedule.run(&square, h, score) { shrinkage = factor(h) }
        return shrinkage
    }

    /// S = I − HP and its factor L, for unlearned rows h [D×n].
    ///
    /// - Returns: false if S has no factor, or R could not tell the remaining rows from its own rounding; P is untouched.
    mutating func factorDowndate(_ h: borrowing Matrix) throws(LinearAlgebraError) -> Bool {
        try s.reshapeScratch(rows: h.columns, columns: h.columns)
        s.multiply(h, transposed: true, by: p, alpha: -1)
        for index in 0..<s.rows { s[index, index] += 1 }
        do { try s.factorCholesky() } catch { return false }
        // R has about twelve digits; a downdate by less than 10⁻⁴ of it would leave fewer than eight.
        for index in 0..<s.rows where !(s[index, index] * s[index, index] > 1e-4) { return false }
        return true
    }

    /// T, after `factorDowndate` has computed L.
    ///
    /// - Returns: the largest element of the diagonal of R + TTᵀ.
    mutating func solveDowndate() -> Double {
        p.solveRightTransposed(lower: s)
        // Starts from the diagonal of R − TTᵀ.
        var reduced = diagonal
        p.subtractRowSquares(from: &reduced)
        var largest = 0.0
        for index in reduced.indices { largest = max(largest, 2 * diagonal[index] - reduced[index]) }
        return largest
    }
}
