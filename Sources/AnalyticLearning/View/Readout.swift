internal import LinearAlgebra

/// W, and what it computes for a block: the scores HW and the residual Y − HW.
///
/// It does not depend on R, so a block may be factored while it is scored.
struct Readout: ~Copyable {
    /// W [D×C].
    var weights: Matrix {
        _read { yield current }
        _modify {
            revision &+= 1
            yield &current
        }
    }
    private var current: Matrix
    /// Differs whenever W differs.
    private(set) var revision = 0
    /// HW, then Y − HW, then L⁻¹(Y − HW) [n×C].
    private var residual: Matrix

    /// - Throws: `LinearAlgebraError.outOfMemory`.
    init(width: Int) throws(LinearAlgebraError) {
        let weights = try Matrix(rows: width, columns: 0)
        let residual = try Matrix(rows: 0, columns: 0)
        current = weights
        self.residual = residual
    }

    /// Makes room for a block of this many rows and classes; new classes have zero weights.
    mutating func reserve(rows: Int, classes: Int) throws(LinearAlgebraError) {
        try residual.reshapeScratch(rows: rows, columns: classes)
        if current.columns != classes { try weights.setColumns(classes) }
    }

    /// Makes room for a block of this many rows.
    mutating func reserve(rows: Int) throws(LinearAlgebraError) { try residual.reshapeScratch(rows: rows, columns: current.columns) }

    /// Returns the memory of a block to the system.
    mutating func discard() { residual.dropColumns(from: 0) }

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
        let rows = scorer.scoreFirstRequest(residual, columns: columns)
        residual.subtract(fromOneHot: columns)
        return rows
    }

    /// Scores the later requests by the weights before the block, if S could not be factored.
    ///
    /// - Parameter firstRow: the number of rows already scored.
    func scoreRest(columns: ArraySlice<Int>, from firstRow: Int, _ scorer: inout ProgressiveScorer) {
        scorer.scoreRest(residual, columns: columns, from: firstRow)
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
        scorer.scoreLaterRequests(update.s, residual, columns: columns, from: firstRow)
        revision &+= 1
        current.multiply(update.p, by: residual, beta: 1)
    }

    /// Y − HW, for unlearned rows.
    mutating func setResidual(_ h: borrowing Matrix, columns: ArraySlice<Int>) throws(LinearAlgebraError) {
        try reserve(rows: h.columns)
        residual.multiply(h, transposed: true, by: current)
        residual.subtract(fromOneHot: columns)
    }

    /// W ← W − T L⁻¹(Y − HW).
    mutating func unlearn(_ update: borrowing InverseUpdate) {
        residual.solveLeft(lower: update.s)
        revision &+= 1
        current.multiply(update.p, by: residual, alpha: -1, beta: 1)
    }
}
