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
        let rows = LabelledRows(features, columns[...], dimension: featureMap.dimension)
        guard !columns.isEmpty else { return UnlearnOutcome(staleSketches: [], droppedBalancedWeights: false, solvedAnew: false) }
        try checkCounts(columns)
        let before = samples
        let removal: LearningCore.Removal
        do throws(LearningCore.RemovalError) {
            removal = try core.unlearn(rows)
        } catch {
            throw unlearnError(error)
        }
        fadeCalibration(rows: samples, of: before)
        let dropped = balanced != nil
        beginEpoch(dropping: true)
        return UnlearnOutcome(
            staleSketches: removal.staleSketches, droppedBalancedWeights: dropped, solvedAnew: removal.solvedAnew)
    }

    private func unlearnError(_ error: LearningCore.RemovalError) -> UnlearnError {
        switch error {
        case .neverLearned: .neverLearned
        case .inexact(let error): .inexact(bound: error.relative)
        case .inexactMoments(let column): .inexactMoments(label: registry.labels[column])
        case .solver(let error): .solver(error)
        }
    }

    private func checkCounts(_ columns: [Int]) throws(UnlearnError) {
        var rows = [Int](repeating: 0, count: registry.count)
        for (row, column) in columns.enumerated() {
            precondition(rows.indices.contains(column), "a column of no class")
            rows[column] += 1
            // A label may have been interned for a request that was never learned.
            guard column < counts.count else { throw .unknownClass(row: row, label: registry.labels[column]) }
        }
        for (column, count) in rows.enumerated() where count > 0 && count > counts[column] {
            throw .tooManyRows(label: registry.labels[column], rows: count, learned: counts[column])
        }
    }
}
