internal import LinearAlgebra

/// W, and what it computes for a block: the scores HW, the residual Y − HW, and the sums of its squares and cross products.
///
/// It does not depend on R, so a block may be factored while it is scored.
struct Readout: ~Copyable {
    /// W [D×C]. Any change from outside makes the residual moment unknown.
    var weights: Matrix {
        _read { yield current }
        _modify {
            revision &+= 1
            moment.forget()
            yield &current
        }
    }
    private var current: Matrix
    /// Differs whenever W differs.
    private(set) var revision = 0
    /// A = N − QᵀW, while it is known.
    private(set) var moment = ResidualMoment()
    /// The intercepts, if the model has any; HW alone is without them.
    private(set) var intercept: InterceptTerm
    /// HW, then Y − HW, then L⁻¹(Y − HW) [n×C].
    private var residual: Matrix

    /// - Throws: `LinearAlgebraError.outOfMemory`.
    init(width: Int, hasIntercept: Bool) throws(LinearAlgebraError) {
        let weights = try Matrix(rows: width, columns: 0)
        let residual = try Matrix(rows: 0, columns: 0)
        let intercept = try InterceptTerm(width: width, isUsed: hasIntercept)
        self.intercept = intercept
        current = weights
        self.residual = residual
    }

    /// Makes room for a block of this many rows and classes; new classes have zero weights.
    mutating func reserve(rows: Int, classes: Int) throws(LinearAlgebraError) {
        try residual.reshapeScratch(rows: rows, columns: classes)
        try intercept.reserve(rows: rows)
        guard current.columns != classes else { return }
        try current.setColumns(classes)
        revision &+= 1
        moment.setClasses(classes)
        intercept.setClasses(classes)
    }

    /// Drops the classes from this column on.
    mutating func dropClasses(from count: Int) {
        guard current.columns > count else { return }
        current.dropColumns(from: count)
        revision &+= 1
        moment.setClasses(count)
        intercept.setClasses(count)
    }

    /// Removes a class; those behind it move one place to the left.
    mutating func removeClass(_ column: Int) {
        current.removeColumn(column)
        revision &+= 1
        moment.removeClass(column)
        intercept.removeClass(column)
    }

    /// Adds a class's weights to another's: W = RQ is linear in Q.
    mutating func joinClass(_ joined: Int, into target: Int) {
        current.addColumn(joined, to: target)
        current.removeColumn(joined)
        revision &+= 1
        moment.joinClass(joined, into: target)
        intercept.joinClass(joined, into: target)
    }

    /// Sets the weights of a class without rows to exactly zero.
    mutating func clearClass(_ column: Int) {
        current.withMutableColumn(column) { $0.update(repeating: 0) }
        revision &+= 1
        moment.clearClass(column)
        intercept.clearClass(column)
    }

    /// Computes the residual moment and the intercepts from sums that the weights follow from, if they are unknown.
    ///
    /// - Complexity: 2DC² operations, if needed.
    mutating func settle(_ truth: borrowing Truth) {
        if !moment.isKnown, truth.counts.count <= ResidualMoment.mostClasses {
            moment.set(counts: truth.counts, crossMoment: truth.crossMoment, weights: current)
        }
        intercept.settle(truth)
    }

    /// Computes the intercepts before a block if they are unknown, so that it is scored by the right ones.
    ///
    /// - Complexity: O(D·C), if needed.
    mutating func settleIntercepts(_ truth: borrowing Truth) { intercept.settle(truth) }

    /// Replaces W, and r if there are intercepts, by the columns of a solution.
    ///
    /// - Parameter solution: [W | r].
    mutating func set(_ solution: consuming Matrix) {
        if intercept.isUsed {
            intercept.setDirection(solution, column: solution.columns - 1)
            solution.dropColumns(from: solution.columns - 1)
        }
        weights = solution
    }

    /// W ← W + Δ, and r ← r + Δr.
    mutating func add(_ correction: borrowing Matrix, direction: borrowing Matrix) {
        weights.add(correction)
        if direction.columns > 0 { intercept.add(direction) }
    }

    /// Forgets all rows.
    mutating func reset() {
        weights.fill(0)
        intercept.reset()
    }

    /// Adds the intercepts to the scores HW of mapped rows.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    mutating func addIntercepts(to scores: inout Matrix, _ h: borrowing Matrix) throws(LinearAlgebraError) {
        try intercept.add(to: &scores, h)
    }

    /// Adds what the intercept adds to the leverages of the last rows.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`.
    mutating func addInterceptLeverages(_ h: borrowing Matrix, to leverages: inout [Double]) throws(LinearAlgebraError) {
        try intercept.addLeverages(h, to: &leverages)
    }

    /// Makes room for a block of this many rows.
    mutating func reserve(rows: Int) throws(LinearAlgebraError) {
        try residual.reshapeScratch(rows: rows, columns: current.columns)
        try intercept.reserve(rows: rows)
    }

    /// Returns the memory of a block to the system.
    mutating func discard() {
        residual.dropColumns(from: 0)
        intercept.discard()
    }

    /// Returns the memory of the residual to the system until the next block.
    mutating func rest() { residual.discardColumns() }

    /// HW, and Y − HW.
    ///
    /// - Parameters:
    ///   - h: Hᵀ [D×n].
    ///   - columns: the class of each row.
    ///   - scorer: receives the scores of the first request.
    /// - Returns: the number of rows in the first request.
    /// - Complexity: 2DCn operations.
    mutating func score(_ h: borrowing Matrix, columns: ArraySlice<Int>, _ scorer: inout ProgressiveScorer) -> Int {
        residual.multiply(h, transposed: true, by: current)
        intercept.setGaps(h)
        let rows = scorer.scoreFirstRequest(residual, intercept, columns: columns)
        residual.subtract(fromOneHot: columns)
        return rows
    }

    /// Scores the later requests by the weights before the block, if S could not be factored.
    ///
    /// - Parameter firstRow: the number of rows already scored.
    func scoreRest(columns: ArraySlice<Int>, from firstRow: Int, _ scorer: inout ProgressiveScorer) {
        scorer.scoreRest(residual, intercept, columns: columns, from: firstRow)
    }

    /// W ← W + T L⁻¹(Y − HW).
    ///
    /// - Parameters:
    ///   - update: has T and L.
    ///   - columns: the class of each row.
    ///   - firstRow: the number of rows already scored.
    ///   - scorer: receives the scores of the later requests.
    /// - Complexity: 2DCn operations.
    mutating func learn(
        _ update: borrowing InverseUpdate, columns: ArraySlice<Int>, from firstRow: Int, _ scorer: inout ProgressiveScorer
    ) {
        residual.solveLeft(lower: update.s)
        intercept.factor(update)
        scorer.scoreLaterRequests(update.s, residual, intercept, columns: columns, from: firstRow)
        moment.add(residual, columns: columns)
        intercept.learn(update, residual, columns: columns)
        revision &+= 1
        current.multiply(update.p, by: residual, beta: 1)
    }

    /// Y − HW, for unlearned rows.
    mutating func setResidual(_ h: borrowing Matrix, columns: ArraySlice<Int>) throws(LinearAlgebraError) {
        try reserve(rows: h.columns)
        residual.multiply(h, transposed: true, by: current)
        intercept.setGaps(h)
        residual.subtract(fromOneHot: columns)
    }

    /// W ← W − T L⁻¹(Y − HW).
    mutating func unlearn(_ update: borrowing InverseUpdate, columns: ArraySlice<Int>) {
        residual.solveLeft(lower: update.s)
        intercept.factor(update)
        moment.subtract(residual, columns: columns)
        intercept.unlearn(update)
        revision &+= 1
        current.multiply(update.p, by: residual, alpha: -1, beta: 1)
    }
}
