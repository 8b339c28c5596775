internal import AnalyticLearning
internal import HTTPServer

/// Scores the rows in a workspace in blocks, so that memory beside the answer does not grow with their number.
struct BlockScorer {
    let scorer: Scorer
    /// For compute threads: an event loop must not wait for the threads of a large product.
    let useBLAS: Bool

    /// On a compute thread: small products are not worth the queue for BLAS's own threads.
    init(_ scorer: Scorer, rows: Int, limits: ServiceLimits) {
        self.init(scorer, useBLAS: scorer.cost(rows: rows) > limits.inlineCost)
    }

    init(_ scorer: Scorer, useBLAS: Bool) {
        self.scorer = scorer
        self.useBLAS = useBLAS
    }

    /// Scores Float32 rows, and hands the scores of one after another to `taker`: in Float64 where Float32 does not carry them.
    ///
    /// - Parameter isWanted: is asked between blocks; false ends the work half-way, for an answer that nobody waits for.
    /// - Returns: false where the work has ended half-way.
    /// - Throws: what `taker` throws.
    func score(
        rows: Int, _ workspace: PredictWorkspace, for taker: some ScoreTaker, isWanted: () -> Bool
    ) throws(Problem) -> Bool {
        let (dimension, classes) = (scorer.weights.featureMap.dimension, scorer.classCount)
        let block = max(64, (1 << 20) / max(scorer.weights.featureMap.width, classes))
        for first in stride(from: 0, to: rows, by: block) {
            let last = min(first + block, rows)
            try workspace.features.withUnsafeBufferPointer { (features) throws(Problem) in
                let values = UnsafeBufferPointer(rebasing: features[(first * dimension)..<(last * dimension)])
                scorer.score(values, useBLAS: useBLAS, workspace: &workspace.scores)
                for row in 0..<(last - first) {
                    let row = (number: first + row, values: (row * dimension)..<((row + 1) * dimension), scores: row * classes)
                    let rowValues = UnsafeBufferPointer(rebasing: values[row.values])
                    let isCarried = try workspace.scores.scores.withUnsafeBufferPointer { (scores) throws(Problem) in
                        let scores = UnsafeBufferPointer(rebasing: scores[row.scores..<(row.scores + classes)])
                        guard scorer.isCarried(rowValues, scores) else { return false }
                        try taker.take(scores, ofRow: row.number, workspace)
                        return true
                    }
                    guard !isCarried else { continue }
                    // Once more, in Float64.
                    scorer.scoreInDouble(rowValues, workspace: &workspace.scores)
                    try takeExact(row.number, workspace, taker)
                }
            }
            guard isWanted() else { return false }
        }
        return true
    }

    /// Scores rows that Float32 cannot carry.
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
        try workspace.scores.exactScores.withUnsafeBufferPointer { (scores) throws(Problem) in
            try taker.take(scores, ofRow: row, workspace)
        }
    }
}
