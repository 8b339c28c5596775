internal import LinearAlgebra

/// When the weights that score rows are brought up to date.
enum ScoringPace {
    /// Before every request: they are in step with the truth.
    case requests
    /// When as many rows have come since as there were before.
    case doublings
    /// Rows of a log: the same, and before every request that is large enough to pay for it, so that most rows are scored as they were
    /// when they were learned.
    case replay
}

/// Large requests are divided, so that weights with at least half of the rows learned before a row have scored it.
///
/// Otherwise a model that is filled by one request would have scored all rows with empty weights, and had neither figures nor a
/// temperature.
extension LearningCore {
    /// Divides requests of more rows than a block where weights are solved again: when as many rows have come as those weights know, and
    /// first after `CostModel.firstScoringRows`.
    ///
    /// - Parameters:
    ///   - columns: the class of each row; columns are given in the order in which labels appear.
    ///   - pace: when weights are brought up to date besides.
    /// - Returns: parts of the requests; in a later part, the classes of the parts before it are known.
    /// - Complexity: O(1) for each request that is not divided, and O(1) for each row of the others.
    func divided(_ spans: [RequestSpan], columns: [Int], pace: ScoringPace) -> [RequestSpan] {
        let block = view.cost.blockRows
        guard spans.contains(where: { $0.rows > block }) else { return spans }
        var parts: [RequestSpan] = []
        var (samples, solved, row) = (truth.samples, truth.samples - loadedRows, 0)
        for index in spans.indices {
            if pace == .requests || isScoringDue(pace, spans, index, samples: samples, solved: solved) { solved = samples }
            var part = spans[index]
            while part.rows > block || part.isLaterPart, case let due = view.cost.scoringRows(after: solved), due < samples + part.rows {
                let rows = due - samples
                let rest = part.rows - rows
                part.rows = rows
                parts.append(part)
                for column in columns[row..<(row + rows)] { part.knownClasses = max(part.knownClasses, column + 1) }
                (part.rows, part.isLaterPart) = (rest, true)
                (row, samples, solved) = (row + rows, due, due)
            }
            parts.append(part)
            row += part.rows
            samples += part.rows
        }
        return parts
    }

    /// Whether weights that lag behind are solved before a span.
    ///
    /// - Parameters:
    ///   - samples: the rows learned before it.
    ///   - solved: the rows that the weights have.
    func isScoringDue(_ pace: ScoringPace, _ spans: [RequestSpan], _ index: Int, samples: Int, solved: Int) -> Bool {
        if samples >= view.cost.scoringRows(after: solved) { return true }
        guard pace == .replay, samples > solved, !spans[index].isLaterPart else { return false }
        // A solution of W then costs a quarter of adding the rows.
        return spans.request(at: index).rows >= 4 * view.cost.bulkRows
    }

    /// Solves W alone, for the scores of the rows that follow. R stays behind.
    mutating func renewWeights(_ recorders: ScoreRecorders) {
        step { core in
            core.view.solveWeights(square: &core.square, truth: core.truth)
            return .viewBehind
        }
        noteLoaded(-1)
        refreshNovelty(recorders)
    }

    /// Lets novelty be measured by the weights that score the rows that follow.
    mutating func refreshNovelty(_ recorders: ScoreRecorders) {
        settle()
        recorders.novelty.refresh(
            view.readout.moment, view.readout.intercept.shownSums, width: featureMap.width, isIllConditioned: view.health.isIllConditioned)
    }
}
