internal import LinearAlgebra

/// The intercepts of a ridge regression that does not penalise them, from the same R: scores are hᵀW′ + bᵀ, and

///     W′ = W − rbᵀ    b = (q − Qᵀr) / (n − sᵀr)    r = Rs
///
/// with s = Σh over all n rows, those of no class too, and q_c = n_c. It is the block elimination of the normal equations
/// (G+λI)W′ + sbᵀ = Q and sᵀW′ + nbᵀ = qᵀ. r is what W would have in a column for a target that is 1 for each row, so it
/// follows the recursion in the same way; numerator and denominator are then columns of its residual moment (`ResidualMoment`).
///
/// A score is hᵀW + (1 − hᵀr)bᵀ: `gaps` are the factors 1 − hᵀr of some rows.
struct InterceptTerm: ~Copyable {
    /// r [D×1]; without columns if the model has no intercept.
    private(set) var direction: Matrix
    /// 1 − Hr of a block, then L⁻¹(1 − Hr) [n×1].
    private(set) var gaps: Matrix
    /// What the intercepts follow from.
    private(set) var sums = InterceptSums()
    /// Whether the sums are those of r.
    private(set) var isKnown = true

    /// Whether the model has intercepts.
    let isUsed: Bool

    /// - Throws: `LinearAlgebraError.outOfMemory`.
    init(width: Int, isUsed: Bool) throws(LinearAlgebraError) {
        let direction = try Matrix(rows: width, columns: isUsed ? 1 : 0)
        let gaps = try Matrix(rows: 0, columns: 0)
        self.direction = direction
        self.gaps = gaps
        self.isUsed = isUsed
    }

    /// The sums, if the model has intercepts.
    var shownSums: InterceptSums? { isUsed ? sums : nil }

    /// Adds classes without rows at the end, or drops the last ones.
    mutating func setClasses(_ count: Int) {
        if isUsed { sums.setClasses(count) }
    }

    /// Removes a class; its rows stay, as rows of no class.
    mutating func removeClass(_ column: Int) {
        guard isUsed else { return }
        sums.residuals.remove(at: column)
        sums.counts.remove(at: column)
    }

    /// Adds a class's sums to another's.
    mutating func joinClass(_ joined: Int, into target: Int) {
        guard isUsed else { return }
        sums.residuals[target] += sums.residuals[joined]
        sums.counts[target] += sums.counts[joined]
        removeClass(joined)
    }

    /// Sets the intercept of a class without rows to exactly zero.
    mutating func clearClass(_ column: Int) {
        guard isUsed else { return }
        (sums.residuals[column], sums.counts[column]) = (0, 0)
    }

    /// Forgets all rows.
    mutating func reset() {
        guard isUsed else { return }
        direction.fill(0)
        sums = InterceptSums(classes: sums.counts.count)
        isKnown = true
    }

    /// Sets r; the sums are unknown until `settle`.
    ///
    /// - Parameter column: its column in `solution`.
    mutating func setDirection(_ solution: borrowing Matrix, column: Int) {
        guard isUsed else { return }
        direction.copyColumn(column, of: solution, to: 0)
        isKnown = false
    }

    /// r ← r + Δ; the sums are unknown until `settle`.
    mutating func add(_ correction: borrowing Matrix) {
        direction.add(correction)
        isKnown = false
    }

    /// Computes what the intercepts follow from, if it is unknown.
    ///
    /// - Parameter truth: r follows from it.
    /// - Complexity: O(D·C), if needed.
    mutating func settle(_ truth: borrowing Truth) {
        guard isUsed, !isKnown else { return }
        var settled = InterceptSums(counts: truth.counts.map(Double.init), rows: Double(truth.samples))
        for (column, product) in truth.crossMoment.products(with: direction).enumerated() { settled.residuals[column] -= product }
        settled.remainder = settled.rows - truth.rowSum.innerProduct(with: direction)
        sums = settled
        isKnown = true
    }

    // MARK: A block

    /// Makes room for a block of this many rows.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    mutating func reserve(rows: Int) throws(LinearAlgebraError) {
        if isUsed { try gaps.reshapeScratch(rows: rows, columns: 1) }
    }

    /// Returns the memory of a block to the system.
    mutating func discard() { gaps.dropColumns(from: 0) }

    /// 1 − Hr of a block for which there is room.
    ///
    /// - Parameter h: Hᵀ [D×n].
    /// - Complexity: 2Dn operations.
    mutating func setGaps(_ h: borrowing Matrix) {
        guard isUsed else { return }
        gaps.multiply(h, transposed: true, by: direction)
        gaps.withMutableColumn(0) { gaps in
            for row in gaps.indices { gaps[row] = 1 - gaps[row] }
        }
    }

    /// The factor of the intercepts in a row's scores, before `factor`.
    func gap(_ row: Int) -> Double { gaps[row, 0] }

    /// L⁻¹(1 − Hr).
    mutating func factor(_ update: borrowing InverseUpdate) {
        if isUsed { gaps.solveLeft(lower: update.s) }
    }

    /// r ← r + T L⁻¹(1 − Hr), after `factor`.
    ///
    /// - Parameters:
    ///   - update: has T.
    ///   - x: L⁻¹(Y − HW) [n×C].
    ///   - columns: the class of each row.
    mutating func learn(_ update: borrowing InverseUpdate, _ x: borrowing Matrix, columns: ArraySlice<Int>) {
        guard isUsed else { return }
        direction.multiply(update.p, by: gaps, beta: 1)
        for (row, column) in columns.enumerated() { sums.add(gap: gaps[row, 0], column: column) { x[row, $0] } }
    }

    /// r ← r − T L⁻¹(1 − Hr) of unlearned rows, after `factor`. The sums would lose digits: they are computed again.
    mutating func unlearn(_ update: borrowing InverseUpdate) {
        guard isUsed else { return }
        direction.multiply(update.p, by: gaps, alpha: -1, beta: 1)
        isKnown = false
    }

    // MARK: Weights

    /// scores += (1 − Hr)bᵀ.
    ///
    /// - Parameters:
    ///   - scores: HW [n×C].
    ///   - h: Hᵀ [D×n].
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    mutating func add(to scores: inout Matrix, _ h: borrowing Matrix) throws(LinearAlgebraError) {
        guard isUsed else { return }
        try reserve(rows: h.columns)
        setGaps(h)
        scores.addRankOne(gaps, sums.intercepts)
    }

    /// Adds (1 − hᵀr)²/(n − sᵀr) to the last values: the hat matrix's diagonal has it besides hᵀRh.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    mutating func addLeverages(_ h: borrowing Matrix, to leverages: inout [Double]) throws(LinearAlgebraError) {
        guard isUsed, sums.remainder > 0 else { return }
        try reserve(rows: h.columns)
        setGaps(h)
        for row in 0..<h.columns {
            leverages[leverages.count - h.columns + row] += gaps[row, 0] * gaps[row, 0] / sums.remainder
        }
    }

    /// W′ = W − rbᵀ.
    ///
    /// - Parameters:
    ///   - weights: W [D×C]; ends as W′.
    ///   - factor: −1 for the way back.
    /// - Complexity: O(D·C).
    func fold(into weights: inout Matrix, intercepts: [Double], times factor: Double = 1) {
        if isUsed { weights.addRankOne(direction, intercepts, times: -factor) }
    }
}
