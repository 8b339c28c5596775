internal import LinearAlgebra

/// Learning in bulk: rows go into the sums, and the view follows once at the end.
extension LearningCore {
    /// Adds requests to the truth and to G. The view stays behind until `catchUp`.
    ///
    /// The rows are scored by the weights of the last solution. W alone is solved again when as many rows have come since as there were
    /// before, so a stream of n rows takes log₂ n such solutions.
    ///
    /// The caller must first make room with `reserve`.
    ///
    /// - Parameters: as of `learn`.
    /// - Returns: the column that each row's scores chose.
    /// - Throws: `LinearAlgebraError.outOfMemory`, but not if there is room.
    /// - Complexity: D²n/2 multiply-adds and the map.
    mutating func load(
        _ rows: LabelledRows, spans: [RequestSpan], recorders: ScoreRecorders, balanced: BalancedScorer?
    ) throws(LinearAlgebraError) -> [Int] {
        solveWeightsIfDue()
        var scorer = ProgressiveScorer(spans: spans[...], recorders: recorders)
        try accumulateScored(rows, &scorer, balanced: balanced)
        noteLoaded(rows.count)
        return scorer.predictions
    }

    /// Rows for which a load may have a wider buffer of mapped rows than a block's: half as wide as G. 0 if it would gain nothing.
    var usefulWideRows: Int {
        let width = featureMap.width
        let isPlain = !featureMap.isIdentity && !truth.sketches.isKept && !SymmetricPair.isCompensated(dimension: width)
        let rows = min(Self.largestPart, width / 2)
        return isPlain && rows > view.cost.blockRows ? rows : 0
    }

    /// Solves W, for the scores of the rows that follow, at doublings of the stream.
    private mutating func solveWeightsIfDue() {
        // The first solution waits for rows that cost about as much as it does.
        guard isBehind, loadedRows >= max(truth.samples - loadedRows, view.cost.bulkRows / 4) else { return }
        step { core in
            core.view.solveWeights(square: &core.square, truth: core.truth)
            return .viewBehind
        }
        noteLoaded(-1)
    }
}
