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
    private var gatheredT: Matrix
    private var gatheredH: Matrix
    private var gathered = 0
    /// An upper bound's ingredients: the traces of G and the diagonal of R, both with what is gathered.
    private var gramTrace = 0.0
    private var inverseDiagonal: [Double]
    private var rowsSinceProbe = 0
    private var rowsSinceSolve = 0
    private var rowsSinceRefinement = 0

    // Buffers of one block, kept from one to the next; kernels take some memory of their own while they last.
    private var p: Matrix
    private var s: Matrix
    private var residual: Matrix
    private var coupling: Matrix
    private var probeVector: Matrix
    private var probeProduct: Matrix
    private var probeResult: Matrix

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

    // MARK: The recursion

    /// Learns a block of rows by the recursion (ACIL eq. 9–10 in G-ACIL's mini-batch form).
    ///
    ///     P = RHᵀ   S = I + HP = LLᵀ   T = PL⁻ᵀ   R ← R − TTᵀ   W ← W + T L⁻¹(Y − HW)
    ///
    /// Room must have been made with `reserve`. After an error, which comes from solving anew, G and Q have the rows, and the old weights stay.
    ///
    /// - Parameters:
    ///   - h: Hᵀ [D×n].
    ///   - columns: the class of each row.
    ///   - progress: is shown the scores of every row before its own request was learned.
    ///   - square: holds R, and G, which takes the rows too.
    ///   - truth: takes the rows too.
    ///   - add: adds the rows to the truth (to Q, for the case that the view must be solved anew). Is called once, on whatever thread.
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
        if isSolveDue(samples: truth.samples) {
            try solve(square: &square, truth: truth)
        } else if rowsSinceProbe >= cost.probeRows || shrinkage > Self.certainShrinkage || health.probes == 0 {
            try probe(square: &square, truth: truth)
            let due = cost.refinementRows(classes: weights.columns, samples: truth.samples, drift: health.drift)
            if rowsSinceRefinement >= due {
                refine(square: square, truth: truth)
            }
        }
    }

    /// Whether directions that were left out of R must be looked for again: R stays in the span of what a truncated solution kept, and no
    /// recursion leads out of it, while the rows since may long have made G regular.
    ///
    /// After so many rows as were half known before, which are few solutions however long the stream is; and of a stream that stays
    /// singular after as many as cost about what solving does.
    private func isSolveDue(samples: Int) -> Bool {
        health.isTruncated && rowsSinceSolve >= min(max(1, samples / 3), cost.truncatedRows)
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
    /// that R cannot tell them from its own rounding, the caller must solve anew from the truth without the rows.
    ///
    /// - Returns: false where that is so, or S has no factor; nothing has changed then.
    /// - Complexity: 4D²n multiply-adds.
    mutating func unlearn(
        h: borrowing Matrix, columns: ArraySlice<Int>, square: inout SymmetricPair
    ) throws(LinearAlgebraError) -> Bool {
        let rows = h.columns
        flush(square: &square)
        try square.multiplyInverse(h, into: &p)
        try s.reshapeScratch(rows: rows, columns: rows)
        s.multiply(h, transposed: true, by: p, alpha: -1)
        for index in 0..<rows { s[index, index] += 1 }
        do { try s.factorCholesky() } catch { return false }
        // R carries some twelve digits; a downdate by less than 10⁻⁴ of it would leave fewer than eight.
        for index in 0..<rows where !(s[index, index] * s[index, index] > 1e-4) { return false }
        try residual.reshapeScratch(rows: rows, columns: weights.columns)
        residual.multiply(h, transposed: true, by: weights)
        residual.subtract(fromOneHot: columns)
        p.solveRightTransposed(lower: s)
        residual.solveLeft(lower: s)
        weights.multiply(p, by: residual, alpha: -1, beta: 1)
        square.unlearn(p, h)
        gramTrace = square.gramTrace
        readDiagonal(square)
        return true
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
        health.isTruncated = false
        health.drift = 0
        health.driftAfterSolve = 0
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

    private mutating func noteCondition() {
        let width = Double(inverseDiagonal.count)
        health.conditionEstimate = (gramTrace + width * ridge) * max(inverseDiagonal.max() ?? 0, 0)
        health.curingRidge = gramTrace * 1e-10
    }

    // MARK: Rank updates

    /// Keeps a block's T (in `p`) and H beside the square, until there are enough for one wide update.
    private mutating func gather(h: borrowing Matrix, square: inout SymmetricPair) {
        let rows = h.columns
        if gathered + rows > cost.gatheredColumns { flush(square: &square) }
        gatheredT.setColumns(from: gathered, to: p, columns: 0..<rows)
        gatheredH.setColumns(from: gathered, to: h, columns: 0..<rows)
        gathered += rows
    }

    /// Brings R and G up to date with what is gathered.
    ///
    /// - Complexity: D² multiply-adds a gathered row.
    mutating func flush(square: inout SymmetricPair) {
        guard gathered > 0 else { return }
        square.learn(gatheredT, gatheredH, columns: 0..<gathered)
        gathered = 0
    }

    /// Adds rows to G without touching R or W: the first half of the bulk path, which ends with `solve`.
    ///
    /// - Complexity: D²n multiply-adds over two.
    mutating func accumulate(h: borrowing Matrix, square: inout SymmetricPair) {
        flush(square: &square)
        square.addToGram(h)
    }

    /// The same, and something less before or meanwhile.
    ///
    /// - Parameter other: is done once, on whatever thread, and touches nothing of this.
    mutating func accumulate(h: borrowing Matrix, square: inout SymmetricPair, beside other: () -> Void) {
        flush(square: &square)
        square.addToGram(h, beside: other)
    }

    // MARK: Solving and probing

    /// Solves R and W anew from the truth; by the spectrum where Cholesky fails.
    ///
    /// - Complexity: D³ + 2D²C multiply-adds.
    /// - Throws: where not even the spectrum can be had; the old weights stay, and R is solved again with the next block.
    mutating func solve(square: inout SymmetricPair, truth: borrowing Truth) throws(LinearAlgebraError) {
        flush(square: &square)
        health.solves += 1
        health.isTruncated = false
        gramTrace = square.gramTrace
        var solved = try Matrix(rows: weights.rows, columns: 0, columnCapacity: truth.crossMoment.columns)
        try solved.copy(from: truth.crossMoment)
        do {
            try square.solve(ridge: ridge, weights: &solved)
            readDiagonal(square)
            // Past this a factorisation that ran through did so by luck.
            if health.conditionEstimate > 1e15 || !solved.isFinite { throw LinearAlgebraError.notPositiveDefinite }
        } catch {
            health.isTruncated = true
            try solved.copy(from: truth.crossMoment)
            try square.solveBySpectrum(ridge: ridge, weights: &solved)
            readDiagonal(square)
            health.conditionEstimate = .infinity
        }
        guard solved.isFinite else { throw .eigensolverFailed }
        weights = solved
        health.drift = try measureDrift(square: square)
        health.driftAfterSolve = health.drift
        rowsSinceProbe = 0
        rowsSinceSolve = 0
        refine(square: square, truth: truth)
    }

    /// One step of iterative refinement, W ← W + R(Q − (G+λI)W), where the drift says that the weights have lost digits.
    ///
    /// Both the recursion and a solution leave the weights as far off as R is, and that is the drift: about the condition number times
    /// rounding. With a residual of more than working precision a step multiplies that error by the drift. Where directions were left out
    /// of R it could not do so, and where there is no memory for it the weights stay.
    ///
    /// - Complexity: 4D²C multiply-adds, where it is needed.
    private mutating func refine(square: borrowing SymmetricPair, truth: borrowing Truth) {
        rowsSinceRefinement = 0
        // The drift along one random vector is at least 1/√D of what it may be along another, and a step must take more than it adds.
        let largestDrift = health.drift * Double(weights.rows).squareRoot()
        guard health.drift > Self.refinedDrift, largestDrift < 0.1, !health.isTruncated, weights.columns > 0 else { return }
        do {
            let residual = try square.residual(
                of: weights, ridge: ridge, crossMoment: truth.crossMoment, rest: truth.crossMomentRest)
            var correction = try Matrix(rows: weights.rows, columns: weights.columns)
            try square.multiplyInverse(residual, into: &correction)
            // More than a hundredth is no correction of what was right but for rounding.
            guard correction.isFinite, correction.frobeniusNorm <= 1e-2 * weights.frobeniusNorm else { return }
            weights.add(correction)
        } catch {}
    }

    /// Weights that may be further off than this are refined.
    private static let refinedDrift = 1e-10

    private mutating func readDiagonal(_ square: borrowing SymmetricPair) {
        for index in inverseDiagonal.indices { inverseDiagonal[index] = square.inverseElement(index, index) }
        noteCondition()
    }

    /// Holds R against G and solves anew where it has drifted.
    ///
    /// - Parameter bound: the drift that is still borne; `health.driftBound` where nil.
    /// - Complexity: O(D²), or that of `solve`.
    mutating func probe(
        square: inout SymmetricPair, truth: borrowing Truth, bound: Double? = nil
    ) throws(LinearAlgebraError) {
        flush(square: &square)
        rowsSinceProbe = 0
        health.drift = try measureDrift(square: square)
        guard !(health.drift <= bound ?? health.driftBound) else { return }
        health.driftBeforeHeal = health.drift
        try solve(square: &square, truth: truth)
        health.heals += 1
    }

    /// ‖R(G+λI)v − v‖ / ‖v‖ for a random v of signs.
    private mutating func measureDrift(square: borrowing SymmetricPair) throws(LinearAlgebraError) -> Double {
        health.probes += 1
        let generator = Philox4x32(key: health.probes)
        probeVector.withMutableColumn(0) { v in
            for row in v.indices {
                v[row] = generator.words(SIMD4(UInt32(truncatingIfNeeded: row), 0, 0, 3)).x & 1 == 0 ? 1 : -1
            }
        }
        try square.multiplyGram(probeVector, into: &probeProduct)
        probeProduct.add(probeVector, times: ridge)
        try square.multiplyInverse(probeProduct, into: &probeResult)
        probeResult.add(probeVector, times: -1)
        return probeResult.frobeniusNorm / Double(square.dimension).squareRoot()
    }
}
