internal import LinearAlgebra

/// The view: R = (G+λI)⁻¹ and W = RQ, derived from the truth, updated by recursion, and disposable.
///
/// R is the upper triangle of the square passed to every call. Some columns of rank corrections T (and the rows H that G still
/// lacks) wait beside the square and are applied by one rank update each: R_eff = R − TTᵀ, G_eff = G + HHᵀ. A single row then
/// costs one read of R; W is exact after every block. `CostModel` says how many wait, and which blocks are applied without waiting.
struct RecursiveView: ~Copyable {
    /// λ.
    var ridge: Double
    /// What is known about the view's accuracy.
    var health: ViewHealth

    let cost: CostModel
    var gatheredT: Matrix
    var gatheredH: Matrix
    var gathered = 0
    var rowsSinceProbe = 0
    var rowsSinceSolve = 0
    var rowsSinceRefinement = 0
    var remainder: Remainder

    // Buffers of one block, kept for the next; kernels temporarily use some memory of their own.
    /// The change of R by a block.
    var update: InverseUpdate
    /// W, and its scores of a block.
    var readout: Readout
    private var coupling: Matrix
    var probeVector: Matrix
    var probeProduct: Matrix
    var probeResult: Matrix

    init(width: Int, ridge: Double, hasIntercept: Bool, square: inout SymmetricPair) throws(LinearAlgebraError) {
        let cost = CostModel(width: width)
        let readout = try Readout(width: width, hasIntercept: hasIntercept)
        let gatheredT = try Matrix(rows: width, columns: cost.gatheredColumns)
        let gatheredH = try Matrix(rows: width, columns: cost.gatheredColumns)
        let update = try InverseUpdate(width: width, blockRows: cost.blockRows, ridge: ridge)
        let coupling = try Matrix(rows: 0, columns: 0)
        let probeVector = try Matrix(rows: width, columns: 1)
        let probeProduct = try Matrix(rows: width, columns: 1, columnCapacity: SymmetricPair.vectorColumns)
        let probeResult = try Matrix(rows: width, columns: 1, columnCapacity: SymmetricPair.vectorColumns)
        remainder = try Remainder(width: width)
        self.cost = cost
        self.ridge = ridge
        self.readout = readout
        self.update = update
        self.gatheredT = gatheredT
        self.gatheredH = gatheredH
        self.coupling = coupling
        self.probeVector = probeVector
        self.probeProduct = probeProduct
        self.probeResult = probeResult
        health = ViewHealth()
        square.resetInverse(ridge: ridge)
        noteCondition()
    }

    /// The memory of the buffers of a block in doubles, including the classifier's of mapped rows.
    ///
    /// - Parameters:
    ///   - mapsRows: whether rows are copied to be mapped. Two or more identity rows are not copied.
    ///   - isAtRest: counts only what `rest` keeps: small buffers.
    static func bufferDoubles(width: Int, mapsRows: Bool, isAtRest: Bool) -> Double {
        CostModel(width: width).buffers(mapsRows: mapsRows).reduce(0) { sum, columns in
            isAtRest && Matrix.hasPages(rows: width, columns: columns) ? sum : sum + Double(width) * Double(columns)
        }
    }

    /// Returns the memory of the buffers to the system until they are written again; the gathered rows stay.
    mutating func rest() {
        update.rest()
        readout.rest()
        coupling.discardColumns()
        gatheredT.discardColumns(from: gathered)
        gatheredH.discardColumns(from: gathered)
        probeVector.discardColumns()
        probeProduct.discardColumns()
        probeResult.discardColumns()
    }

    /// The memory of the gathered rows, in bytes, if `rest` does not keep all of the buffers.
    var gatheredBytes: Int {
        let width = gatheredT.rows
        return Matrix.hasPages(rows: width, columns: gatheredT.columns) ? 2 * gathered * width * MemoryLayout<Double>.stride : 0
    }

    /// Makes room for learning a block of this many rows and classes.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`; nothing has changed then.
    mutating func reserve(rows: Int, classes: Int) throws(LinearAlgebraError) {
        try update.reserve(rows: rows)
        try coupling.reshapeScratch(rows: cost.gatheredColumns, columns: rows)
        try readout.reserve(rows: rows, classes: classes)
    }

    /// Drops classes that were reserved but have learned nothing.
    mutating func dropClasses(from count: Int) {
        readout.dropClasses(from: count)
    }

    /// The view's small state besides R, W and the gathered rows; it is kept while a change is prepared.
    struct Figures {
        fileprivate var ridge: Double
        fileprivate var health: ViewHealth
        fileprivate var sums: (diagonal: [Double], gramTrace: Double)
        fileprivate var rowsSinceProbe: Int
        fileprivate var rowsSinceSolve: Int
        fileprivate var rowsSinceRefinement: Int
        fileprivate var remainderEnergy: Double
    }

    /// The current figures; set to restore earlier ones.
    var figures: Figures {
        get {
            Figures(
                ridge: ridge, health: health, sums: update.sums, rowsSinceProbe: rowsSinceProbe, rowsSinceSolve: rowsSinceSolve,
                rowsSinceRefinement: rowsSinceRefinement, remainderEnergy: remainder.energy)
        }
        set {
            ridge = newValue.ridge
            health = newValue.health
            update.sums = newValue.sums
            rowsSinceProbe = newValue.rowsSinceProbe
            rowsSinceSolve = newValue.rowsSinceSolve
            rowsSinceRefinement = newValue.rowsSinceRefinement
            remainder.energy = newValue.remainderEnergy
        }
    }

    /// Returns the memory that a wide block needed beyond a block's to the system.
    mutating func discardWideBlock() {
        update.discard(beyond: cost.blockRows)
        readout.discard()
        coupling.dropColumns(from: 0)
    }

    // MARK: The recursion

    /// Begins a block: P = RHᵀ, and room for the following steps.
    ///
    /// - Parameter h: Hᵀ [D×n].
    /// - Throws: `LinearAlgebraError.outOfMemory`; nothing has changed then.
    /// - Complexity: 2D²n operations.
    mutating func beginBlock(_ h: borrowing Matrix, square: borrowing SymmetricPair) throws(LinearAlgebraError) {
        try multiplyInverse(h, square: square)
        try update.reserve(rows: h.columns)
        try readout.reserve(rows: h.columns)
    }

    /// R ← R − TTᵀ, and G ← G + HHᵀ unless G already has the rows; small blocks wait beside the square.
    ///
    /// - Complexity: 2D²n operations for each.
    mutating func apply(_ h: borrowing Matrix, square: inout SymmetricPair, isInGram: Bool) {
        noteCondition()
        if isGathered(rows: h.columns) { return gather(h: h, square: &square) }
        flush(square: &square)
        if isInGram { return square.subtractFromInverse(update.p) }
        for first in stride(from: 0, to: h.columns, by: cost.blockRows) {
            square.learn(update.p, h, columns: first..<min(first + cost.blockRows, h.columns))
        }
    }

    /// Whether a block of this many rows waits beside the square.
    func isGathered(rows: Int) -> Bool { rows < cost.gatherBelow }

    /// Ends a block that W and R have learned: measures the drift, and refines W or solves again if due.
    ///
    /// - Parameters:
    ///   - h: Hᵀ [D×n].
    ///   - shrinkage: the factor by which R has shrunk along a row.
    ///   - truth: has the rows too.
    /// - Throws: an error of solving again; the old weights then stay.
    mutating func endBlock(
        _ h: borrowing Matrix, shrinkage: Double, square: inout SymmetricPair, truth: borrowing Truth
    ) throws(LinearAlgebraError) {
        rowsSinceProbe += h.columns
        rowsSinceSolve += h.columns
        rowsSinceRefinement += h.columns
        if health.isTruncated { try remainder.add(h, scratch: &coupling) }
        if isSolveDue(samples: truth.samples) { return try solve(square: &square, truth: truth) }
        let isScaled = health.isProbeDue
        guard rowsSinceProbe >= cost.probeRows || shrinkage > Self.certainShrinkage || health.probes == 0 || isScaled else { return }
        // If rows have made R smaller by orders of magnitude, its digits were lost at once, not row by row. One solution restores them
        // until that happens again, so the bound may be narrower.
        try probe(square: &square, truth: truth, bound: health.driftBound * (isScaled ? 1e-2 : 1))
        let due = cost.refinementRows(classes: readout.weights.columns, samples: truth.samples, drift: health.drift)
        // The weights have lost as many digits as R.
        if isScaled || rowsSinceRefinement >= due {
            refine(square: square, crossMoment: truth.crossMoment, rest: truth.crossMomentRest, rowSum: truth.rowSum)
        }
    }

    /// P ← R_eff·Hᵀ = R·Hᵀ − T(TᵀHᵀ).
    private mutating func multiplyInverse(_ h: borrowing Matrix, square: borrowing SymmetricPair) throws(LinearAlgebraError) {
        try square.multiplyInverse(h, into: &update.p)
        guard gathered > 0 else { return }
        try coupling.reshapeScratch(rows: gathered, columns: h.columns)
        coupling.multiply(gatheredT, columns: 0..<gathered, transposed: true, by: h)
        update.p.multiply(gatheredT, columns: 0..<gathered, by: coupling, alpha: -1, beta: 1)
    }

    /// The root mean square norm of the mapped rows in G; `rows` is their number.
    func rowNorm(of rows: Int) -> Double { RowScale.norm(trace: update.gramTrace, rows: rows) }

    /// The diagonal of G, including gathered rows: the sum of squares of each component of the mapped rows.
    ///
    /// - Complexity: O(D), plus O(D) per gathered row.
    func squaredComponents(_ square: borrowing SymmetricPair) -> [Double] {
        var squares = (0..<square.dimension).map { square.gramElement($0, $0) }
        for row in 0..<gathered {
            gatheredH.withColumn(row) { h in
                for index in squares.indices { squares[index] += h[index] * h[index] }
            }
        }
        return squares
    }

    /// The accuracy of the sums in G, with ‖R‖ estimated from R's diagonal.
    ///
    /// - Parameter past: the bound from earlier states.
    /// - Complexity: O(D).
    func sumError(past: Double) -> SumError {
        SumError(past: past, trace: update.gramTrace, inverseNorm: update.largestInverse)
    }

    /// Appends hᵀR_eff h of each row: diag(HRHᵀ) less the squares of what is gathered beside R.
    ///
    /// - Complexity: 2D²n operations.
    mutating func appendLeverages(
        h: borrowing Matrix, square: borrowing SymmetricPair, to result: inout [Double]
    ) throws(LinearAlgebraError) {
        try square.multiplyInverse(h, into: &update.p)
        if gathered > 0 {
            try coupling.reshapeScratch(rows: gathered, columns: h.columns)
            coupling.multiply(gatheredT, columns: 0..<gathered, transposed: true, by: h)
        }
        for row in 0..<h.columns {
            var leverage = h.withColumn(row) { h in update.p.withColumn(row) { p in Self.dot(h, p) } }
            if gathered > 0 { leverage -= coupling.withColumn(row) { Self.dot($0, $0) } }
            // Rounding may make it slightly negative.
            result.append(leverage < 0 ? 0 : leverage)
        }
    }

    private static func dot(_ a: UnsafeBufferPointer<Double>, _ b: UnsafeBufferPointer<Double>) -> Double {
        var sum = 0.0
        for index in a.indices { sum += a[index] * b[index] }
        return sum
    }

    /// Unlearns a block of rows by the mirrored recursion.
    ///
    ///     P = RHᵀ   S = I − HP = LLᵀ   T = PL⁻ᵀ   R ← R + TTᵀ   W ← W − T L⁻¹(Y − HW)
    ///
    /// The eigenvalues of S show how much of the rows' directions other rows have seen: 1/(1 + hᵀ(G−HᵀH+λI)⁻¹h). If they
    /// are so small that R cannot tell them from its own rounding, the caller must solve again from the truth without the rows.
    ///
    /// - Parameter pastError: the bound of rounding errors in G before the rows are removed.
    /// - Complexity: 4D²n multiply-adds.
    mutating func unlearn(
        h: borrowing Matrix, columns: ArraySlice<Int>, square: inout SymmetricPair, pastError: Double
    ) throws(LinearAlgebraError) -> Downdate {
        flush(square: &square)
        try square.multiplyInverse(h, into: &update.p)
        guard try update.factorDowndate(h) else { return .illConditioned }
        try readout.setResidual(h, columns: columns)
        let error = SumError(past: pastError, trace: square.gramTrace - h.sumOfSquares, inverseNorm: update.solveDowndate())
        guard !error.isInexact else { return .inexact(error) }
        readout.unlearn(update, columns: columns)
        square.unlearn(update.p, h)
        update.readTrace(square)
        readDiagonal(square)
        return .done
    }

    /// The outcome of unlearning by the recursion.
    enum Downdate {
        /// The rows are removed.
        case done
        /// Nothing has changed: R cannot tell the remaining rows from its own rounding, or S has no factor.
        case illConditioned
        /// Nothing has changed: the sums have lost too many digits to represent the remaining rows.
        case inexact(SumError)
    }

    /// Sets the weights of a class without rows to exactly zero, without rounding.
    mutating func clearClass(_ column: Int) {
        readout.clearClass(column)
    }

    /// Adds a class's weights to another's, and removes it.
    mutating func joinClass(_ joined: Int, into target: Int) {
        readout.joinClass(joined, into: target)
    }

    /// Removes a class; those behind it move one place to the left. R does not depend on classes.
    mutating func removeClass(_ column: Int) {
        readout.removeClass(column)
    }

    /// Resets to the state before anything was learned, and G to zero.
    mutating func reset(square: inout SymmetricPair) {
        gathered = 0
        square.clearGram()
        square.resetInverse(ridge: ridge)
        readout.reset()
        update.readTrace(square)
        health.beginAnew()
        rowsSinceProbe = 0
        rowsSinceSolve = 0
        readDiagonal(square)
    }

    /// If R shrinks by more than this along a row, its former rounding may show in what is left: it is checked against G at once.
    private static let certainShrinkage = 1e7
}
