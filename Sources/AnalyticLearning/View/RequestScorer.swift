/// Scores the rows of a large request by the weights before each of its parts, and, if it has several, by those before the request too:
/// these say what would have been answered when it came.
struct RequestScorer {
    /// By the weights before each part.
    var current: ProgressiveScorer
    /// By the weights before the request; nil if there are no others, or they knew no class.
    var earlier: ProgressiveScorer?
    /// The rows of a divided request, if the weights before it knew no class.
    private let unknownRows: Int?

    /// For one request.
    init(_ parts: ArraySlice<RequestSpan>, rows: Int, _ recorders: ScoreRecorders) {
        current = ProgressiveScorer(spans: parts, recorders: recorders)
        let known = parts.first?.knownClasses ?? 0
        let isDivided = parts.count > 1
        unknownRows = isDivided && known == 0 ? rows : nil
        guard isDivided, known > 0 else { return }
        earlier = ProgressiveScorer(spans: [RequestSpan(rows: rows, knownClasses: known)], earlierTest: recorders.test)
    }

    /// For requests that are scored by weights that may lag behind.
    init(_ spans: [RequestSpan], _ recorders: ScoreRecorders) {
        current = ProgressiveScorer(spans: spans[...], recorders: recorders)
        unknownRows = nil
    }

    var needsEarlierWeights: Bool { earlier != nil }

    /// The column that each row's scores before its request chose, or those of weights that may lag behind.
    var predictions: [Int] {
        if let unknownRows { return [Int](repeating: -1, count: unknownRows) }
        return earlier?.predictions ?? current.predictions
    }
}
