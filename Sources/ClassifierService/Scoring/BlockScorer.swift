internal import AnalyticLearning
internal import HTTPServer

/// Scores the rows in a workspace in blocks, so that memory besides the answer does not grow with their number.
struct BlockScorer {
    let scorer: Scorer
    /// Only for compute threads: an event loop must not wait for the threads of a large product.
    let useBLAS: Bool

    /// Creates a scorer for a compute thread: small products are not worth waiting for BLAS's own threads.
    init(_ scorer: Scorer, rows: Int, limits: ServiceLimits) {
        self.init(scorer, useBLAS: scorer.cost(rows: rows) > limits.inlineCost)
    }

    init(_ scorer: Scorer, useBLAS: Bool) {
        self.scorer = scorer
        self.useBLAS = useBLAS
    }

    /// Scores Float32 rows and passes each row's scores to `taker`, in Float64 if they do not fit Float32.
    ///
    /// - Parameter isWanted: called between blocks; false stops the work, for a client that has left.
    /// - Returns: false if the work was stopped.
    /// - Throws: what `taker` throws.
    func score(
        rows: Int, _ workspace: PredictWorkspace, for taker: some ScoreTaker, isWanted: () -> Bool
    ) throws(Problem) -> Bool {
        let block = max(64, (1 << 20) / max(scorer.weights.featureMap.width, scorer.classCount))
        for first in stride(from: 0, to: rows, by: block) {
            let last = min(first + block, rows)
            score(first..<last, workspace)
            try pass(first..<last, scoredFrom: first, numberedFrom: 0, workspace, to: taker)
            guard isWanted() else { return false }
        }
        return true
    }

    /// Scores some of the rows in a workspace, for `pass`.
    func score(_ rows: Range<Int>, _ workspace: PredictWorkspace) {
        let dimension = scorer.weights.featureMap.dimension
        workspace.features.withUnsafeBufferPointer { features in
            let values = UnsafeBufferPointer(rebasing: features[(rows.lowerBound * dimension)..<(rows.upperBound * dimension)])
            scorer.score(values, useBLAS: useBLAS, workspace: &workspace.scores)
        }
    }

    /// Passes each row's scores to `taker`, adjusted for it, in Float64 if they do not fit Float32. Scores that are adjusted can be passed
    /// once.
    ///
    /// - Parameters:
    ///   - first: the first of the rows that `score` scored.
    ///   - zero: the row that is number 0 for `taker`.
    /// - Throws: what `taker` throws.
    func pass(
        _ rows: Range<Int>, scoredFrom first: Int, numberedFrom zero: Int, _ workspace: PredictWorkspace, to taker: some ScoreTaker
    ) throws(Problem) {
        let (dimension, classes) = (scorer.weights.featureMap.dimension, scorer.classCount)
        for row in rows {
            let place = (row - first) * classes
            try workspace.features.withUnsafeBufferPointer { (features) throws(Problem) in
                let values = UnsafeBufferPointer(rebasing: features[(row * dimension)..<((row + 1) * dimension)])
                let isCarried = workspace.scores.scores.withUnsafeBufferPointer {
                    scorer.isCarried(values, UnsafeBufferPointer(rebasing: $0[place..<(place + classes)]))
                }
                guard !isCarried else {
                    workspace.scores.scores.withUnsafeBufferPointer { scores in
                        taker.prepare(UnsafeBufferPointer(rebasing: scores[place..<(place + classes)]), ofRow: row - zero, workspace)
                    }
                    if let adjustment = taker.adjustment { workspace.scores.adjust(from: place, by: adjustment) }
                    return try workspace.scores.scores.withUnsafeBufferPointer { (scores) throws(Problem) in
                        try taker.take(UnsafeBufferPointer(rebasing: scores[place..<(place + classes)]), ofRow: row - zero, workspace)
                    }
                }
                // Repeat in Float64.
                scorer.scoreInDouble(values, workspace: &workspace.scores)
                try takeExact(row - zero, workspace, taker)
            }
        }
    }

    /// Scores rows that do not fit Float32.
    ///
    /// - Parameters: as of `score(rows:_:for:isWanted:)`.
    func score(
        _ features: [Double], rows: Int, _ workspace: PredictWorkspace, for taker: some ScoreTaker, isWanted: () -> Bool
    ) throws(Problem) -> Bool {
        let dimension = scorer.weights.featureMap.dimension
        for row in 0..<rows {
            features.withUnsafeBufferPointer { features in
                let values = UnsafeBufferPointer(rebasing: features[(row * dimension)..<((row + 1) * dimension)])
                scorer.scoreInDouble(values, workspace: &workspace.scores)
            }
            try takeExact(row, workspace, taker)
            guard isWanted() else { return false }
        }
        return true
    }

    private func takeExact(_ row: Int, _ workspace: PredictWorkspace, _ taker: some ScoreTaker) throws(Problem) {
        workspace.scores.exactScores.withUnsafeBufferPointer { taker.prepare($0, ofRow: row, workspace) }
        if let adjustment = taker.adjustment { workspace.scores.adjustExact(by: adjustment) }
        try workspace.scores.exactScores.withUnsafeBufferPointer { (scores) throws(Problem) in
            try taker.take(scores, ofRow: row, workspace)
        }
    }
}
