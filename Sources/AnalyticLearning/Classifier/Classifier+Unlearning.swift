internal import LinearAlgebra

extension Classifier {
    /// Unlearns rows, as if they had never been learned.
    ///
    /// - Parameters: as for `learn(features:labels:)`.
    /// - Throws: `LearnError` or `UnlearnError`; nothing has changed then.
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

    /// Unlearns rows, as if they had never been learned: all of them, or none.
    ///
    /// A block small enough for the recursion is downdated if S = I − HRHᵀ has a well-conditioned factor. Otherwise the rows
    /// are subtracted from a copy of G. If that copy has no factor, the rows cannot have been learned and are refused; if it has
    /// one, the view is solved again from it.
    ///
    /// Rows are also refused if the rounding errors they leave behind would show: in the scores of the other rows (`SumError`), or
    /// in the deviations of their classes (`MomentRemoval`). All rows together can always be unlearned, because empty sums are
    /// zero.
    ///
    /// A class left without rows keeps its column, at zero. The progressive evaluation does not change; the weight of the
    /// calibration shrinks by the share of rows removed. Balanced weights that include the rows are dropped, and results of running
    /// jobs are obsolete.
    ///
    /// - Parameters:
    ///   - features: all rows; every value finite and at most 1e50 in magnitude (the caller has checked).
    ///   - columns: the class of each row, all known.
    /// - Throws: `UnlearnError`; nothing has changed then.
    /// - Complexity: 4D²n multiply-adds; D²n + 7D³/6 and memory for one more D×D square if the view is solved again.
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
        core.race = nil
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
