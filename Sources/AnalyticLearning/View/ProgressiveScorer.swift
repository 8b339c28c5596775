internal import LinearAlgebra

/// A run of rows in a block that came as one request.
public struct RequestSpan: Sendable, Equatable {
    /// The number of rows.
    public var rows: Int
    /// How many classes were known before the request: a label that is new in it counts as wrong.
    public var knownClasses: Int

    /// A span.
    public init(rows: Int, knownClasses: Int) {
        self.rows = rows
        self.knownClasses = knownClasses
    }
}

/// Says for every row which class the weights *before its request* would have chosen, although the requests of a block are learned at
/// once: test-then-train without a second pass over the features.
///
/// With L X = Y − HW₀, the residual of row i before a request that starts at row k is Σ_{k≤j≤i} L_ij X_j, so its scores then were
/// Y_i − Σ_{k≤j≤i} L_ij X_j.
struct ProgressiveScorer {
    /// The chosen column of each row, −1 where no class was known.
    private(set) var predictions: [Int] = []
    private var spans: ArraySlice<RequestSpan>
    private var scores: [Double] = []

    init(spans: ArraySlice<RequestSpan>) {
        self.spans = spans
        predictions.reserveCapacity(spans.reduce(0) { $0 + $1.rows })
    }

    /// Scores the first request's rows from HW₀ and returns how many they are; all later calls follow in order.
    mutating func scoreFirstRequest(_ scores: borrowing Matrix) -> Int {
        guard let span = spans.first else { return 0 }
        for row in 0..<min(span.rows, scores.rows) { predictions.append(Self.best(of: span.knownClasses) { scores[row, $0] }) }
        return span.rows
    }

    /// Scores the rows of the further requests with the factor L of S and X = L⁻¹(Y − HW₀).
    mutating func scoreLaterRequests(_ l: borrowing Matrix, _ x: borrowing Matrix, columns: ArraySlice<Int>, from firstRow: Int) {
        var start = firstRow
        for span in spans.dropFirst() {
            scores.removeAll(keepingCapacity: true)
            scores.append(contentsOf: repeatElement(0, count: span.knownClasses))
            for row in start..<(start + span.rows) {
                for column in 0..<span.knownClasses {
                    var sum = columns[columns.startIndex + row] == column ? 1.0 : 0
                    for j in start...row { sum -= l[row, j] * x[j, column] }
                    scores[column] = sum
                }
                predictions.append(Self.best(of: span.knownClasses) { scores[$0] })
            }
            start += span.rows
        }
    }

    /// Where S could not be factored: scores the further requests by the weights before the whole block, from Y − HW₀.
    mutating func scoreRest(_ residual: borrowing Matrix, columns: ArraySlice<Int>, from firstRow: Int) {
        var start = firstRow
        for span in spans.dropFirst() {
            for row in start..<(start + span.rows) {
                let column = columns[columns.startIndex + row]
                predictions.append(Self.best(of: span.knownClasses) { (column == $0 ? 1 : 0) - residual[row, $0] })
            }
            start += span.rows
        }
    }

    /// Scores consecutive rows by HW₀ alone: all rows of one large request a part at a time, or a block that is only accumulated.
    mutating func score(_ scores: borrowing Matrix) {
        for row in 0..<scores.rows {
            var first = 0
            let position = predictions.count
            let span = spans.first { span in
                first += span.rows
                return position < first
            }
            predictions.append(Self.best(of: span?.knownClasses ?? 0) { scores[row, $0] })
        }
    }

    private static func best(of known: Int, _ score: (Int) -> Double) -> Int {
        var best = -1
        var highest = -Double.infinity
        for column in 0..<known where score(column) > highest {
            best = column
            highest = score(column)
        }
        return best
    }
}
