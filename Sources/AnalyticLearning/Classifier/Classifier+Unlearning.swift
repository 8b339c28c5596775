internal import LinearAlgebra

extension Classifier {
    /// Takes rows out again, as if they had never been learned.
    ///
    /// - Parameters: as of `learn(features:labels:)`.
    /// - Throws: `LearnError` or `UnlearnError`, and then nothing has changed.
    @discardableResult
    public func unlearn(features: [Double], labels: [String]) throws -> UnlearnOutcome {
        try check(features, rows: labels.count)
        var columns: [Int] = []
        columns.reserveCapacity(labels.count)
        for (row, label) in try Self.labels(labels).enumerated() {
            guard let column = registry.column(of: label) else { throw UnlearnError.unknownClass(row: row, label: label) }
            columns.append(column)
        }
        return try features.withUnsafeBufferPointer { (features) throws(UnlearnError) in
            try unlearn(features: features, columns: columns)
        }
    }

    /// Takes rows out again, as if they had never been learned: all of them, or none.
    ///
    /// A block that the recursion takes at once is downdated, if S = I − HRHᵀ has a well conditioned factor. More rows, or an ill
    /// conditioned downdate, are subtracted from a copy of G; rows that cannot have been learned leave that without a factor and are
    /// refused, and otherwise the view is solved again from it.
    ///
    /// Rows are refused too where what rounding has left while they were in it would show: in the scores of the rest (`SumError`), or in the
    /// deviations of their classes (`MomentRemoval`). All rows together can always be taken out, for sums of nothing are zero.
    ///
    /// A class left without rows keeps its column, at zero. The progressive evaluation is history and stays; the calibration counts for
    /// less, by the share of rows that have gone. Balanced weights that knew
    /// the rows are dropped, and so is what a running job makes of an earlier state.
    ///
    /// - Parameters:
    ///   - features: all rows; every value finite and at most 1e50 in magnitude (the caller has checked).
    ///   - columns: the class of each row, all known.
    /// - Throws: `UnlearnError`, and then nothing has changed.
    /// - Complexity: 4D²n multiply-adds, or D²n + 7D³/6 and memory for one more D×D square where the view is solved again.
    @discardableResult
    public func unlearn(features: UnsafeBufferPointer<Double>, columns: [Int]) throws(UnlearnError) -> UnlearnOutcome {
        precondition(features.count == columns.count * featureMap.dimension, "features and labels of different length")
        guard !columns.isEmpty else { return UnlearnOutcome(staleSketches: [], droppedBalancedWeights: false, solvedAnew: false) }
        try checkCounts(columns)
        var stale: Set<Int> = []
        let isDowndated: Bool
        view.flush(square: &square)
        // All rows together leave sums of nothing, which are zero.
        let pastError = columns.count < truth.samples ? gramError : 0
        let moments = try moments(without: features, columns)
        var inexact: SumError?
        do throws(LinearAlgebraError) {
            isDowndated = try prepare { () throws(LinearAlgebraError) in
                let rows = min(columns.count, view.cost.blockRows)
                if !featureMap.isIdentity { try h.reshapeScratch(columns: rows) }
                try view.reserve(rows: rows, classes: truth.counts.count)
                try truth.sketches.reserve(rows: rows, columns: EmptyCollection())
                switch try downdate(features, columns, pastError) {
                case .done: return true
                case .illConditioned: inexact = try removeFromGram(features, columns, pastError)
                case .inexact(let error): inexact = error
                }
                if inexact != nil { throw LinearAlgebraError.notPositiveDefinite }
                return false
            }
            // From here on nothing can fail: there is memory for everything, and what the map throws is lack of it.
            try forEachPart(of: features, columns[...]) { (x, part) throws(LinearAlgebraError) in
                try featureMap.withMapped(x, buffer: &h) { h in
                    stale.formUnion(truth.subtract(h: h, columns: part, groups: &groups))
                }
            }
        } catch {
            if let inexact { throw .inexact(bound: inexact.relative) }
            throw error == .notPositiveDefinite ? .neverLearned : .solver(error)
        }
        truth.moments.commit(moments)
        truth.pastError = pastError
        let solvedAnew = settle(isDowndated: isDowndated)
        for column in Set(columns) where truth.counts[column] == 0 { view.clearClass(column) }
        fadeCalibration(rows: truth.samples, of: truth.samples + columns.count)
        let dropped = balanced != nil
        beginEpoch(dropping: true)
        let staleSketches = stale.filter { truth.counts[$0] > 0 }.sorted()
        return UnlearnOutcome(staleSketches: staleSketches, droppedBalancedWeights: dropped, solvedAnew: solvedAnew)
    }

    /// The moments of the classes that lose rows, as they will be.
    ///
    /// - Throws: `UnlearnError.inexactMoments` where they would not be those of the rest.
    private func moments(
        without x: UnsafeBufferPointer<Double>, _ columns: [Int]
    ) throws(UnlearnError) -> MomentRemoval {
        let removal: MomentRemoval
        groups.set(columns[...])
        do throws(LinearAlgebraError) {
            removal = try MomentRemoval(groups, of: x, from: truth.moments, counts: truth.counts)
        } catch {
            throw .solver(error)
        }
        if let column = removal.uncertainColumn { throw .inexactMoments(label: registry.labels[column]) }
        return removal
    }

    private func checkCounts(_ columns: [Int]) throws(UnlearnError) {
        var rows = [Int](repeating: 0, count: registry.count)
        for (row, column) in columns.enumerated() {
            precondition(rows.indices.contains(column), "a column of no class")
            rows[column] += 1
            // A label may have been interned for a request that was never learned.
            guard column < truth.counts.count else { throw .unknownClass(row: row, label: registry.labels[column]) }
        }
        for (column, count) in rows.enumerated() where count > 0 && count > truth.counts[column] {
            throw .tooManyRows(label: registry.labels[column], rows: count, learned: truth.counts[column])
        }
    }

    /// Downdates the view and G where that is well conditioned and exact; nothing has changed elsewhere.
    private func downdate(
        _ x: UnsafeBufferPointer<Double>, _ columns: [Int], _ pastError: Double
    ) throws(LinearAlgebraError) -> RecursiveView.Downdate {
        guard columns.count <= view.cost.blockRows, columns.count < truth.samples, !mustSolve, !view.health.isTruncated else {
            return .illConditioned
        }
        return try featureMap.withMapped(x, buffer: &h) { (h) throws(LinearAlgebraError) in
            try view.unlearn(h: h, columns: columns[...], square: &square, pastError: pastError)
        }
    }

    /// Takes rows out of a copy of G, which becomes G if it still is the Gram matrix of the rest.
    ///
    /// - Returns: how inexact it would be, where it is too much so, and nothing has changed.
    /// - Throws: `LinearAlgebraError.notPositiveDefinite` where it is no Gram matrix, and nothing has changed.
    private func removeFromGram(
        _ x: UnsafeBufferPointer<Double>, _ columns: [Int], _ pastError: Double
    ) throws(LinearAlgebraError) -> SumError? {
        var rest = try NormalEquations(gramOf: square)
        // Rounding of the sums in G moves its eigenvalues by some ε of the largest; the ridge usually is far above that.
        let rounding = 64 * Double.ulpOfOne * rest.trace
        try forEachPart(of: x, columns[...]) { (values, part) throws(LinearAlgebraError) in
            try featureMap.withMapped(values, buffer: &h) { h in rest.add(h, times: -1) }
        }
        let trace = rest.trace
        let inverseNorm = try rest.factoredInverseNorm(shift: view.ridge + rounding)
        let error = SumError(past: pastError, trace: trace, inverseNorm: inverseNorm)
        guard !error.isInexact || columns.count == truth.samples else { return error }
        square.setGram(rest)
        return nil
    }

    /// Brings the view in line with a truth from which rows have gone.
    ///
    /// - Returns: whether it was solved again.
    private func settle(isDowndated: Bool) -> Bool {
        guard truth.samples > 0 else {
            // Sums of nothing are exactly zero, whatever rounding has left in them.
            view.reset(square: &square)
            truth.pastError = 0
            mustSolve = false
            return true
        }
        let solves = view.health.solves
        guard isDowndated else {
            solve()
            return true
        }
        do {
            // A downdate loses digits that learning does not: it is always probed, and against a narrower bound.
            try view.probe(square: &square, truth: truth, bound: view.health.driftBound(1e-10))
        } catch {
            mustSolve = true
        }
        return view.health.solves > solves
    }
}
