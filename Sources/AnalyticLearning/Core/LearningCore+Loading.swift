internal import LinearAlgebra

/// Learning in bulk: rows go into the sums, and the view follows once at the end.
extension LearningCore {
    /// Adds requests to the truth and to G. The view stays behind until `catchUp`.
    ///
    /// The rows are scored by the weights of the last solution. W alone is solved again when as many rows have come since as there were
    /// before, also within a large request, so a stream of n rows takes log₂ n such solutions.
    ///
    /// The caller must first make room with `reserve`.
    ///
    /// - Parameters: as of `learn`; the spans are divided for the same `pace`.
    /// - Returns: the column that each row's scores chose.
    /// - Throws: `LinearAlgebraError.outOfMemory`, but not if there is room.
    /// - Complexity: D²n/2 multiply-adds and the map.
    mutating func load(
        _ rows: LabelledRows, spans: [RequestSpan], pace: ScoringPace, recorders: ScoreRecorders, balanced: BalancedScorer?
    ) throws(LinearAlgebraError) -> [Int] {
        var scorer = RequestScorer(spans, recorders)
        var (row, index) = (0, 0)
        while index < spans.count {
            let solved = truth.samples - loadedRows
            if isBehind, loadedRows > 0, isScoringDue(pace, spans, index, samples: truth.samples, solved: solved) {
                renewWeights(recorders)
            }
            // All rows that these weights score.
            let now = truth.samples - loadedRows
            var (end, count) = (index + 1, spans[index].rows)
            while end < spans.count, !isScoringDue(pace, spans, end, samples: truth.samples + count, solved: now) {
                count += spans[end].rows
                end += 1
            }
            try accumulateScored(rows[row..<(row + count)], &scorer, balanced: balanced)
            noteLoaded(count)
            row += count
            index = end
        }
        return scorer.predictions
    }

    /// Rows for which a load may have a wider buffer of mapped rows than a block's: half as wide as G. 0 if it would gain nothing.
    var usefulWideRows: Int {
        let width = featureMap.width
        let isPlain = !featureMap.isIdentity && !truth.sketches.isKept && !SymmetricPair.isCompensated(dimension: width)
        let rows = min(Self.largestPart, width / 2)
        return isPlain && rows > view.cost.blockRows ? rows : 0
    }
}
