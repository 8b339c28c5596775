public import LinearAlgebra

/// The view: R = (G+λI)⁻¹ and W = RQ, kept fresh by recursion, derived from the truth and disposable.
///
/// R lies in the upper triangle of the square that is handed to every call. Some columns of rank corrections T (and the rows H that G still
/// lacks) wait beside the square and are applied by one rank update each: R_eff = R − TTᵀ, G_eff = G + HHᵀ. A single row then costs one
/// read of R; W is exact after every block. `CostModel` says how many wait, and which blocks are applied without waiting.
public struct RecursiveView: ~Copyable {
    /// λ.
    public internal(set) var ridge: Double
    /// W [D×C].
    public internal(set) var weights: Matrix
    /// What is known of the view's quality.
    public internal(set) var health: ViewHealth

    let cost: CostModel
    var gatheredT: Matrix
    var gatheredH: Matrix
    var gathered = 0
    /// An upper bound's ingredients: the traces of G and the diagonal of R, both with what is gathered.
    var gramTrace = 0.0
    var inverseDiagonal: [Double]
    var rowsSinceProbe = 0
    var rowsSinceSolve = 0
    var rowsSinceRefinement = 0
    var remainder: Remainder

    // Buffers of one block, kept from one to the next; kernels take some memory of their own while they last.
    var p: Matrix
    private var s: Matrix
    private var residual: Matrix
    private var coupling: Matrix
    var probeVector: Matrix
    var probeProduct: Matrix
    var probeResult: Matrix

    init(width: Int, ridge: Double, square: inout SymmetricPair) throws(LinearAlgebraError) {
        let cost = CostModel(width: width)
        let weights = try Matrix(rows: width, columns: 0)
        let gatheredT = try Matrix(rows: width, columns: cost.gatheredColumns)
        let gatheredH = try Matrix(rows: width, columns: cost.gatheredColumns)
        let p = try Matrix(rows: width, columns: 0, columnCapacity: cost.blockRows)
        let s = try Matrix(rows: 0, columns: 0)
        let residual = try Matrix(rows: 0, columns: 0)
        let coupling = try Matrix(rows: 0, columns: 0)
        let probeVector = try Matrix(rows: width, columns: 1)
        let probeProduct = try Matrix(rows: width, columns: 1, columnCapacity: SymmetricPair.vectorColumns)
        let probeResult = try Matrix(rows: width, columns: 1, columnCapacity: SymmetricPair.vectorColumns)
        remainder = try Remainder(width: width)
        self.cost = cost
        self.ridge = ridge
        self.weights = weights
        self.gatheredT = gatheredT
        self.gatheredH = gatheredH
        self.p = p
        self.s = s
        self.residual = residual
        self.coupling = coupling
        self.probeVector = probeVector
        self.probeProduct = probeProduct
        self.probeResult = probeResult
        health = ViewHealth()
        inverseDiagonal = [Double](repeating: 1 / ridge, count: width)
        square.resetInverse(ridge: ridge)
        noteCondition()
    }

    /// What it takes in memory beside R, with its classifier's buffer of mapped rows, in doubles: the buffers of a block, and W.
    ///
    /// - Parameter mapsRows: whether rows are copied to be mapped; those of the identity lie where they came, but for one.
    static func doubles(width: Int, classes: Double, mapsRows: Bool) -> Double {
        let cost = CostModel(width: width)
        let columns = cost.scratchColumns - (mapsRows ? 0 : cost.blockRows - 1)
        return Double(width) * Double(columns) + Double(width) * classes
    }

    /// Makes room for all that learning a block of so many rows of so many classes needs.
    ///
    /// - Throws: `LinearAlgebraError.outOfMemory`; nothing has changed then.
    mutating func reserve(rows: Int, classes: Int) throws(LinearAlgebraError) {
        try s.reshapeScratch(rows: rows, columns: rows)
        try residual.reshapeScratch(rows: rows, columns: classes)
        try coupling.reshapeScratch(rows: cost.gatheredColumns, columns: rows)
        try weights.setColumns(classes)
    }

    /// Forgets classes that were reserved and have learned nothing.
    mutating func dropClasses(from count: Int) {
        if weights.columns > count { weights.dropColumns(from: count) }
    }

    /// What the view knows of itself beside R, W and what is gathered: little, and kept while a change is prepared.
    struct Figures {
        fileprivate var ridge: Double
        fileprivate var health: ViewHealth
        fileprivate var gramTrace: Double
        fileprivate var inverseDiagonal: [Double]
        fileprivate var rowsSinceProbe: Int
        fileprivate var rowsSinceSolve: Int
        fileprivate var rowsSinceRefinement: Int
        fileprivate var remainderEnergy: Double
    }

    /// The figures as they are, or are to be again.
    var figures: Figures {
        get {
            Figures(
                ridge: ridge, health: health, gramTrace: gramTrace, inverseDiagonal: inverseDiagonal, rowsSinceProbe: rowsSinceProbe,
                rowsSinceSolve: rowsSinceSolve, rowsSinceRefinement: rowsSinceRefinement, remainderEnergy: remainder.energy)
        }
        set {
            ridge = newValue.ridge
            health = newValue.health
            gramTrace = newValue.gramTrace
            inverseDiagonal = newValue.inverseDiagonal
            rowsSinceProbe = newValue.rowsSinceProbe
            rowsSinceSolve = newValue.rowsSinceSolve
            rowsSinceRefinement = newValue.rowsSinceRefinement
            remainder.energy = newValue.remainderEnergy
        }
    }

    // MARK: The recursion

    /// Learns a block of rows by the recursion (ACIL eq. 9–10 in G-ACIL's mini-batch form).
    ///
    ///     P = RHᵀ   S = I + HP = LLᵀ   T = PL⁻ᵀ   R ← R − TTᵀ   W ← W + T L⁻¹(Y − HW)
    ///
    /// Room must have been made with `reserve`. After an error, which comes from solving again, G and Q have the rows, and the old weights stay.
    ///
    /// - Parameters:
    ///   - h: Hᵀ [D×n].
    ///   - columns: the class of each row.
    ///   - progress: is shown the scores of every row before its own request was learned.
    ///   - square: holds R, and G, which takes the rows too.
    ///   - truth: takes the rows too.
    ///   - add: adds the rows to the truth (to Q, for the case that the view must be solved again). Is called once, on whatever thread.
    /// - Complexity: 4D²n multiply-adds, or 2D²n for blocks that are gathered.
    mutating func learn(
        h: borrowing Matrix, columns: ArraySlice<Int>, progress: inout ProgressiveScorer, square: inout SymmetricPair, truth: inout Truth,
        add: (inout Truth) -> Void
    ) throws(LinearAlgebraError) {
        let rows = h.columns
        do {
            try multiplyInverse(h, square: square)
            try s.reshapeScratch(rows: rows, columns: rows)
            try residual.reshapeScratch(rows: rows, columns: weights.columns)
        } catch {
            add(&truth)
            square.addToGram(h)
            progress.skip(rows)
            throw error
        }

        let isGathered = rows < cost.gatherBelow
        let chains = cost.chainOperations(rows: rows, classes: weights.columns)
        // Sketches may be as much work as G is, which all threads share.
        let isBeside =
            !isGathered && !truth.sketches.isKept && square.leavesRoom(for: chains.score, and: chains.factor, besideAddingToGram: h)
        let (factored, firstRequestRows) = Self.factorAndScore(
            h: h, columns: columns, progress: &progress, square: &square, truth: &truth, add: add, p: &p, s: &s,
            inverseDiagonal: &inverseDiagonal, gramTrace: &gramTrace, residual: &residual, weights: weights, isBeside: isBeside)
        guard let shrinkage = factored else {
            progress.scoreRest(residual, columns: columns, from: firstRequestRows)
            flush(square: &square)
            if !isBeside { square.addToGram(h) }
            return try solve(square: &square, truth: truth)
        }
        residual.solveLeft(lower: s)
        progress.scoreLaterRequests(s, residual, columns: columns, from: firstRequestRows)
        weights.multiply(p, by: residual, beta: 1)
        noteCondition()
        if isGathered {
            gather(h: h, square: &square)
        } else {
            flush(square: &square)
            if isBeside { square.subtractFromInverse(p) } else { square.learn(p, h, columns: 0..<rows) }
        }
        rowsSinceProbe += rows
        rowsSinceSolve += rows
        rowsSinceRefinement += rows
        if health.isTruncated { try remainder.add(h, scratch: &coupling) }
        if isSolveDue(samples: truth.samples) {
            try solve(square: &square, truth: truth)
        } else if rowsSinceProbe >= cost.probeRows || shrinkage > Self.certainShrinkage || health.probes == 0 || health.isProbeDue {
            // If rows have made R smaller by orders of magnitude, its digits were lost at once, not row by row. One solution restores them
            // until that happens again, so the bound may be narrower.
            let isScaled = health.isProbeDue
            try probe(square: &square, truth: truth, bound: health.driftBound * (isScaled ? 1e-2 : 1))
            let due = cost.refinementRows(classes: weights.columns, samples: truth.samples, drift: health.drift)
            // The weights have lost as many digits as R.
            if isScaled || rowsSinceRefinement >= due {
                refine(square: square, crossMoment: truth.crossMoment, rest: truth.crossMomentRest)
            }
        }
    }

    /// What follows from P (S, its factor, T and R's diagonal) and what does not need it (the rows' sums, and Y − HW), beside each other and
    /// G's update where that is said. Each has variables of its own: they may run on two threads.
    ///
    /// - Parameters:
    ///   - p: P, then T.
    ///   - s: L, afterwards.
    ///   - inverseDiagonal: R's diagonal.
    ///   - gramTrace: G's trace.
    ///   - residual: Y − HW, afterwards.
    ///   - isBeside: whether G takes the rows meanwhile.
    /// - Returns: by how much R shrinks along a row, or nil as `factor(_:)`, with P untouched; and how many rows have been scored.
    private static func factorAndScore(
        h: borrowing Matrix, columns: ArraySlice<Int>, progress: inout ProgressiveScorer, square: inout SymmetricPair, truth: inout Truth,
        add: (inout Truth) -> Void, p: inout Matrix, s: inout Matrix, inverseDiagonal: inout [Double], gramTrace: inout Double,
        residual: inout Matrix, weights: borrowing Matrix, isBeside: Bool
    ) -> (shrinkage: Double?, scoredRows: Int) {
        var scoredRows = 0
        var shrinkage: Double?
        func makeFactor() {
            s.multiplyLower(h, transposedBy: p)
            for index in 0..<s.rows { s[index, index] += 1 }
            shrinkage = factor(&s)
            guard shrinkage != nil else { return }
            p.solveRightTransposed(lower: s)
            p.subtractRowSquares(from: &inverseDiagonal)
            gramTrace += h.sumOfSquares
        }
        func score() {
            add(&truth)
            residual.multiply(h, transposed: true, by: weights)
            scoredRows = progress.scoreFirstRequest(residual, columns: columns)
            residual.subtract(fromOneHot: columns)
        }
        if isBeside {
            square.addToGram(h, beside: score, and: makeFactor)
        } else {
            score()
            makeFactor()
        }
        return (shrinkage, scoredRows)
    }

    /// P ← R_eff·Hᵀ = R·Hᵀ − T(TᵀHᵀ).
    private mutating func multiplyInverse(_ h: borrowing Matrix, square: borrowing SymmetricPair) throws(LinearAlgebraError) {
        try square.multiplyInverse(h, into: &p)
        guard gathered > 0 else { return }
        try coupling.reshapeScratch(rows: gathered, columns: h.columns)
        coupling.multiply(gatheredT, columns: 0..<gathered, transposed: true, by: h)
        p.multiply(gatheredT, columns: 0..<gathered, by: coupling, alpha: -1, beta: 1)
    }

    /// The root mean square norm of the mapped rows in G, whose number is given.
    func rowNorm(of rows: Int) -> Double { RowScale.norm(trace: gramTrace, rows: rows) }

    /// The diagonal of G, with what is gathered beside it: the sum of squares of each component of the mapped rows.
    ///
    /// - Complexity: O(D), and O(D) a gathered row.
    func squaredComponents(_ square: borrowing SymmetricPair) -> [Double] {
        var squares = (0..<square.dimension).map { square.gramElement($0, $0) }
        for row in 0..<gathered {
            gatheredH.withColumn(row) { h in
                for index in squares.indices { squares[index] += h[index] * h[index] }
            }
        }
        return squares
    }

    /// How exact the sums in G are, with the estimate of ‖R‖ that R's diagonal gives.
    ///
    /// - Parameter past: the bound from earlier states.
    /// - Complexity: O(D).
    func sumError(past: Double) -> SumError {
        SumError(past: past, trace: gramTrace, inverseNorm: inverseDiagonal.max() ?? 0)
    }

    /// Appends hᵀR_eff h of each row: diag(HRHᵀ) less the squares of what is gathered beside R.
    ///
    /// - Complexity: 2D²n operations.
    mutating func appendLeverages(
        h: borrowing Matrix, square: borrowing SymmetricPair, to result: inout [Double]
    ) throws(LinearAlgebraError) {
        try square.multiplyInverse(h, into: &p)
        if gathered > 0 {
            try coupling.reshapeScratch(rows: gathered, columns: h.columns)
            coupling.multiply(gatheredT, columns: 0..<gathered, transposed: true, by: h)
        }
        for row in 0..<h.columns {
            var leverage = h.withColumn(row) { h in p.withColumn(row) { p in Self.dot(h, p) } }
            if gathered > 0 { leverage -= coupling.withColumn(row) { Self.dot($0, $0) } }
            // Rounding may leave a little less than nothing.
            result.append(leverage < 0 ? 0 : leverage)
        }
    }

    private static func dot(_ a: UnsafeBufferPointer<Double>, _ b: UnsafeBufferPointer<Double>) -> Double {
        var sum = 0.0
        for index in a.indices { sum += a[index] * b[index] }
        return sum
    }

    /// Takes a block of rows out again by the recursion that learned it, mirrored.
    ///
    ///     P = RHᵀ   S = I − HP = LLᵀ   T = PL⁻ᵀ   R ← R + TTᵀ   W ← W − T L⁻¹(Y − HW)
    ///
    /// The eigenvalues of S say how much of the rows' directions other rows have seen: 1/(1 + hᵀ(G−HᵀH+λI)⁻¹h). Where they are so small
    /// that R cannot tell them from its own rounding, the caller must solve again from the truth without the rows.
    ///
    /// - Parameter pastError: what rounding has left in G at most before these rows go.
    /// - Complexity: 4D²n multiply-adds.
    mutating func unlearn(
        h: borrowing Matrix, columns: ArraySlice<Int>, square: inout SymmetricPair, pastError: Double
    ) throws(LinearAlgebraError) -> Downdate {
        let rows = h.columns
        flush(square: &square)
        try square.multiplyInverse(h, into: &p)
        try s.reshapeScratch(rows: rows, columns: rows)
        s.multiply(h, transposed: true, by: p, alpha: -1)
        for index in 0..<rows { s[index, index] += 1 }
        do { try s.factorCholesky() } catch { return .illConditioned }
        // R carries some twelve digits; a downdate by less than 10⁻⁴ of it would leave fewer than eight.
        for index in 0..<rows where !(s[index, index] * s[index, index] > 1e-4) { return .illConditioned }
        try residual.reshapeScratch(rows: rows, columns: weights.columns)
        residual.multiply(h, transposed: true, by: weights)
        residual.subtract(fromOneHot: columns)
        p.solveRightTransposed(lower: s)
        // The diagonal of R + TTᵀ, from that of R − TTᵀ.
        var reduced = inverseDiagonal
        p.subtractRowSquares(from: &reduced)
        var largest = 0.0
        for index in reduced.indices { largest = max(largest, 2 * inverseDiagonal[index] - reduced[index]) }
        let error = SumError(past: pastError, trace: square.gramTrace - h.sumOfSquares, inverseNorm: largest)
        guard !error.isInexact else { return .inexact(error) }
        residual.solveLeft(lower: s)
        weights.multiply(p, by: residual, alpha: -1, beta: 1)
        square.unlearn(p, h)
        gramTrace = square.gramTrace
        readDiagonal(square)
        return .done
    }

    /// What became of taking rows out by the recursion.
    enum Downdate {
        /// They are out.
        case done
        /// Nothing has changed: R cannot tell the rest from its own rounding, or S has no factor.
        case illConditioned
        /// Nothing has changed: the sums have lost too many digits to be those of the rest.
        case inexact(SumError)
    }

    /// Sets the weights of a class without rows to what they are: zero, without rounding.
    mutating func clearClass(_ column: Int) {
        weights.withMutableColumn(column) { $0.update(repeating: 0) }
    }

    /// Removes a class; those behind it move one place to the left, and R does not know classes.
    mutating func removeClass(_ column: Int) {
        weights.removeColumn(column)
    }

    /// Goes back to what it was before anything was learned, with G at zero.
    mutating func reset(square: inout SymmetricPair) {
        gathered = 0
        square.clearGram()
        square.resetInverse(ridge: ridge)
        weights.fill(0)
        gramTrace = 0
        health.beginAnew()
        rowsSinceProbe = 0
        rowsSinceSolve = 0
        readDiagonal(square)
    }

    /// Where R shrinks by more along a row, what it was rounded to before may show in what is left: it is held against G at once.
    private static let certainShrinkage = 1e7

    /// Factors S in place; nil where R has lost so much that its downdate would be noise.
    ///
    /// The diagonal of L says by how much R shrinks along a row: a factor of 10¹³ leaves three digits of it, and a failing factorisation none.
    ///
    /// - Returns: the largest such factor.
    private static func factor(_ s: inout Matrix) -> Double? {
        do { try s.factorCholesky() } catch { return nil }
        var largest = 1.0
        for index in 0..<s.rows { largest = max(largest, s[index, index] * s[index, index]) }
        return largest <= 1e13 ? largest : nil
    }
}
