internal import LinearAlgebra

/// Consecutive rows of a block that came in one request, or in a part of one.
public struct RequestSpan: Sendable, Equatable {
    /// The number of rows.
    public var rows: Int
    /// Classes known before the request; a label that is new in it counts as wrong.
    public var knownClasses: Int
    /// Whether it is a later part of the request before it, see `LearningCore.divided`.
    var isLaterPart = false

    /// A span.
    public init(rows: Int, knownClasses: Int) {
        self.rows = rows
        self.knownClasses = knownClasses
    }
}

/// Finds for every row the class that the weights *before its request* would have chosen, although the requests of a block are
/// learned at once: test-then-train without a second pass over the features.
///
/// With L X = Y − HW₀, the residual of row i before a request that starts at row k is Σ_{k≤j≤i} L_ij X_j, so its scores
/// then were Y_i − Σ_{k≤j≤i} L_ij X_j.
struct ProgressiveScorer {
    /// The chosen column of each row; −1 if no class was known.
    private(set) var predictions: [Int] = []
    /// The rest of the spans for `score`; all of them for the recursion.
    private var spans: ArraySlice<RequestSpan>
    /// Rows of the spans that `score` has left behind.
    private var passedRows = 0
    /// Receive the scores.
    private let recorders: ScoreRecorders?
    /// Notes what would have been answered before a divided request.
    private let earlierTest: ProgressiveTest?
    /// Scores of one row.
    private var scores: [Double] = []
    /// The intercepts of the weights that score; empty if they have none, or the scores have them already.
    private var intercepts: [Double] = []

    init(spans: ArraySlice<RequestSpan>, recorders: ScoreRecorders? = nil, earlierTest: ProgressiveTest? = nil) {
        self.spans = spans
        self.recorders = recorders
        self.earlierTest = earlierTest
        predictions.reserveCapacity(spans.reduce(0) { $0 + $1.rows })
    }

    /// Scores the first request's rows from HW₀ and returns their number; all later calls follow in order.
    mutating func scoreFirstRequest(_ scores: borrowing Matrix, _ intercept: borrowing InterceptTerm, columns: ArraySlice<Int>) -> Int {
        guard let span = spans.first else { return 0 }
        setIntercepts(intercept.sums)
        for row in 0..<min(span.rows, scores.rows) {
            let gap = intercept.isUsed ? intercept.gap(row) : 0
            note(span.knownClasses, label: columns[columns.startIndex + row], gap: gap) { scores[row, $0] }
        }
        intercepts.removeAll(keepingCapacity: true)
        return span.rows
    }

    /// Scores the rows of later requests with the factor L of S and X = L⁻¹(Y − HW₀).
    ///
    /// - Parameter intercept: those before the block, and L⁻¹(1 − Hr₀): a row's factor of the intercepts follows like its residuals.
    mutating func scoreLaterRequests(
        _ l: borrowing Matrix, _ x: borrowing Matrix, _ intercept: borrowing InterceptTerm, columns: ArraySlice<Int>, from firstRow: Int
    ) {
        var start = firstRow
        var sums = intercept.sums
        var summed = 0
        for span in spans.dropFirst() {
            if intercept.isUsed {
                for row in summed..<start {
                    sums.add(gap: intercept.gap(row), column: columns[columns.startIndex + row]) { x[row, $0] }
                }
                summed = start
                setIntercepts(sums)
            }
            for row in start..<(start + span.rows) {
                let label = columns[columns.startIndex + row]
                var gap = 0.0
                if intercept.isUsed {
                    for j in start...row { gap += l[row, j] * intercept.gap(j) }
                }
                note(span.knownClasses, label: label, gap: gap) { column in
                    var sum = label == column ? 1.0 : 0
                    for j in start...row { sum -= l[row, j] * x[j, column] }
                    return sum
                }
            }
            start += span.rows
        }
        intercepts.removeAll(keepingCapacity: true)
    }

    /// If S could not be factored: scores the later requests by the weights before the whole block, from Y − HW₀.
    mutating func scoreRest(
        _ residual: borrowing Matrix, _ intercept: borrowing InterceptTerm, columns: ArraySlice<Int>, from firstRow: Int
    ) {
        var start = firstRow
        setIntercepts(intercept.sums)
        for span in spans.dropFirst() {
            for row in start..<(start + span.rows) {
                let label = columns[columns.startIndex + row]
                let gap = intercept.isUsed ? intercept.gap(row) : 0
                note(span.knownClasses, label: label, gap: gap) { (label == $0 ? 1 : 0) - residual[row, $0] }
            }
            start += span.rows
        }
        intercepts.removeAll(keepingCapacity: true)
    }

    private mutating func setIntercepts(_ sums: InterceptSums) { intercepts = sums.intercepts }

    /// Scores consecutive rows by weights that are current: parts of one large request, or a block that is only accumulated.
    mutating func score(_ scores: borrowing Matrix, columns: ArraySlice<Int>) {
        for row in 0..<scores.rows {
            while let span = spans.first, predictions.count >= passedRows + span.rows {
                passedRows += span.rows
                spans = spans.dropFirst()
            }
            note(spans.first?.knownClasses ?? 0, label: columns[columns.startIndex + row]) { scores[row, $0] }
        }
    }

    /// Skips rows that cannot be evaluated.
    mutating func skip(_ columns: ArraySlice<Int>) {
        for _ in columns { predictions.append(-1) }
        recorders?.test.skip(columns)
    }

    /// Records the scores of the next row.
    ///
    /// - Parameter gap: the factor of `intercepts`.
    private mutating func note(_ known: Int, label: Int, gap: Double = 0, _ score: (Int) -> Double) {
        scores.removeAll(keepingCapacity: true)
        var best = -1
        var highest = -Double.infinity
        for column in 0..<known {
            let value = score(column) + (column < intercepts.count ? gap * intercepts[column] : 0)
            scores.append(value)
            if value > highest {
                best = column
                highest = value
            }
        }
        predictions.append(best)
        if let recorders { scores.withUnsafeBufferPointer { recorders.record($0, label: label, best: best) } }
        if let earlierTest { scores.withUnsafeBufferPointer { earlierTest.recordEarlier($0, best: best) } }
    }
}

extension [RequestSpan] {
    /// The whole request that begins at an index: the index after its last part, and its rows.
    func request(at index: Int) -> (end: Int, rows: Int) {
        var (end, rows) = (index + 1, self[index].rows)
        while end < count, self[end].isLaterPart {
            rows += self[end].rows
            end += 1
        }
        return (end, rows)
    }
}
