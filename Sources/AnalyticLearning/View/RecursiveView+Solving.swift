internal import LinearAlgebra

/// Solves R and W from the truth, and measures how far the recursion has drifted from it.
extension RecursiveView {
    /// Whether a truncated view must be solved again. Its R covers only the directions that the solution kept, and the recursion
    /// never adds one, although later rows may have made G regular.
    ///
    /// It is due when rows have filled an omitted direction; when the stream has grown by half, so a long stream needs few
    /// solutions; and, if the stream stays singular, after as many rows as cost about as much as a solution.
    func isSolveDue(samples: Int) -> Bool {
        guard health.isTruncated else { return false }
        if rowsSinceSolve >= min(max(1, samples / 3), cost.truncatedRows) { return true }
        return remainder.isFilled(trace: update.gramTrace, rows: rowsSinceSolve)
    }

    /// Solves R and W from the truth, by Cholesky or, if that fails, by eigenvectors.
    ///
    /// - Complexity: D³ + 2D²C multiply-adds.
    /// - Throws: if even the eigenvectors cannot be computed; the old weights stay, and R is solved again with the next block.
    mutating func solve(square: inout SymmetricPair, truth: borrowing Truth) throws(LinearAlgebraError) {
        try solve(square: &square, crossMoment: truth.crossMoment, rest: truth.crossMomentRest, rowSum: truth.rowSum)
    }

    /// The same from sums that may not be the truth's yet.
    ///
    /// - Parameters:
    ///   - square: has G. If it is not the view's own square, the caller has flushed that one and then replaces it by this.
    ///   - crossMoment: Q.
    ///   - rest: what the sums in Q have lost, or a matrix without columns.
    ///   - rowSum: s, or a matrix without columns.
    mutating func solve(
        square: inout SymmetricPair, crossMoment: borrowing Matrix, rest: borrowing Matrix, rowSum: borrowing Matrix
    ) throws(LinearAlgebraError) {
        flush(square: &square)
        health.solves += 1
        health.isTruncated = false
        health.largestInverse = 0
        update.readTrace(square)
        let columns = crossMoment.columns + rowSum.columns
        var solved = try Matrix(rows: readout.weights.rows, columns: columns)
        var leftOut = try Remainder(width: readout.weights.rows)
        solved.set(crossMoment, rowSum)
        do {
            try square.solve(ridge: ridge, weights: &solved)
            readDiagonal(square)
            // Beyond this a factorisation succeeded by luck.
            if health.conditionEstimate > Conditioning.largestFactored || !solved.isFinite { throw LinearAlgebraError.notPositiveDefinite }
        } catch {
            health.isTruncated = true
            solved.set(crossMoment, rowSum)
            let directions = try square.solveBySpectrum(ridge: ridge, weights: &solved)
            leftOut = try Remainder(directions, after: remainder, seed: UInt64(health.solves))
            readDiagonal(square)
            health.conditionEstimate = .infinity
        }
        guard solved.isFinite else { throw .eigensolverFailed }
        health.drift = try measureDrift(square: square)
        health.noteSolution()
        // Nothing below can fail.
        readout.set(solved)
        remainder = leftOut
        rowsSinceProbe = 0
        rowsSinceSolve = 0
        refine(square: square, crossMoment: crossMoment, rest: rest, rowSum: rowSum)
    }

    /// Solves W alone from the truth, by Cholesky: a third of the work of a solution. R is undefined until there is one.
    ///
    /// If there is no factor, or no memory, the old weights stay.
    ///
    /// - Complexity: D³/3 + 2D²C multiply-adds.
    mutating func solveWeights(square: inout SymmetricPair, truth: borrowing Truth) {
        flush(square: &square)
        do throws(LinearAlgebraError) {
            var solved = try Matrix(rows: readout.weights.rows, columns: truth.crossMoment.columns + truth.rowSum.columns)
            solved.set(truth.crossMoment, truth.rowSum)
            try square.solveWeights(ridge: ridge, weights: &solved)
            guard solved.isFinite else { return }
            readout.set(solved)
            // While rows come for a later solution, weights and moment stay those of the same rows.
            readout.settle(truth)
        } catch {}
    }

    /// One step of iterative refinement, W ← W + R(Q − (G+λI)W), if the drift shows that the weights have lost digits.
    ///
    /// The recursion and a solution both leave the weights as far off as R is, and that is the drift: about the condition number
    /// times rounding. With a residual computed in more than working precision, a step multiplies that error by the drift. That
    /// fails if R lacks directions. If memory runs out, the weights stay.
    ///
    /// - Complexity: 4D²C multiply-adds, if needed.
    mutating func refine(
        square: borrowing SymmetricPair, crossMoment: borrowing Matrix, rest: borrowing Matrix, rowSum: borrowing Matrix
    ) {
        rowsSinceRefinement = 0
        // The drift along one random vector is at least 1/√D of what it may be along another, and a step must remove more than it
        // adds.
        let largestDrift = health.drift * Double(readout.weights.rows).squareRoot()
        guard health.drift > Self.refinedDrift, largestDrift < 0.1, !health.isTruncated, readout.weights.columns > 0 else { return }
        do {
            let correction = try correction(of: readout.weights, square, crossMoment, rest)
            let direction = try self.correction(of: readout.intercept.direction, square, rowSum, Matrix(rows: rowSum.rows, columns: 0))
            if correction.columns > 0, direction.columns == rowSum.columns { readout.add(correction, direction: direction) }
        } catch {}
    }

    /// R(B − (G+λI)X) for a solution X of (G+λI)X = B.
    ///
    /// - Returns: a matrix without columns if it does not just correct rounding.
    private func correction(
        of solution: borrowing Matrix, _ square: borrowing SymmetricPair, _ right: borrowing Matrix, _ rest: borrowing Matrix
    ) throws(LinearAlgebraError) -> Matrix {
        var correction = try Matrix(rows: solution.rows, columns: solution.columns)
        guard solution.columns > 0 else { return correction }
        let residual = try square.residual(of: solution, ridge: ridge, crossMoment: right, rest: rest)
        try square.multiplyInverse(residual, into: &correction)
        // More than a hundredth is more than rounding.
        if !correction.isFinite || correction.frobeniusNorm > 1e-2 * solution.frobeniusNorm { correction.dropColumns(from: 0) }
        return correction
    }

    /// Weights that may be further off than this are refined.
    private static let refinedDrift = 1e-10

    mutating func readDiagonal(_ square: borrowing SymmetricPair) {
        update.readDiagonal(square)
        noteCondition()
    }

    /// Measures the drift of R from G, and solves again if it is too large.
    ///
    /// - Parameter bound: the largest drift tolerated; nil for `health.driftBound`.
    /// - Complexity: O(D²), or that of `solve`.
    mutating func probe(
        square: inout SymmetricPair, truth: borrowing Truth, bound: Double? = nil
    ) throws(LinearAlgebraError) {
        flush(square: &square)
        rowsSinceProbe = 0
        health.drift = try measureDrift(square: square)
        health.expectedDriftAtProbe = health.expectedDrift
        guard !(health.drift <= bound ?? health.driftBound) else { return }
        health.driftBeforeHeal = health.drift
        try solve(square: &square, truth: truth)
        health.heals += 1
    }

    /// ‖R(G+λI)v − v‖ / ‖v‖ for a vector v of random signs.
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

    mutating func noteCondition() {
        (health.gramTrace, health.ridge, health.width) = (update.gramTrace, ridge, update.diagonal.count)
        let largest = max(update.largestInverse, 0)
        health.largestInverse = max(health.largestInverse, largest)
        health.conditionEstimate = health.trace * largest
    }
}
