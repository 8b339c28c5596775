/// The result of learning a block of requests.
public struct LearnOutcome: Sendable, Equatable {
    /// The column that the plain weights before the request would have chosen for each row; −1 if no class was known.
    public var predictions: [Int]
    /// The column that `predict` would have answered by default; −1 if no class was known.
    public var served: [Int]

    /// The share of the given rows whose class the plain weights chose; nil on an empty model.
    ///
    /// - Parameters:
    ///   - rows: the rows of one request.
    ///   - columns: the true columns of all rows.
    ///   - knownClasses: the number of classes known before the request.
    public func accuracy(of rows: Range<Int>, columns: [Int], knownClasses: Int) -> Double? {
        Self.accuracy(predictions, rows, columns, knownClasses)
    }

    /// The same for what `predict` would have answered by default.
    public func servedAccuracy(of rows: Range<Int>, columns: [Int], knownClasses: Int) -> Double? {
        Self.accuracy(served, rows, columns, knownClasses)
    }

    private static func accuracy(_ predictions: [Int], _ rows: Range<Int>, _ columns: [Int], _ knownClasses: Int) -> Double? {
        guard knownClasses > 0, !rows.isEmpty else { return nil }
        var correct = 0
        for row in rows where predictions[row] == columns[row] { correct += 1 }
        return Double(correct) / Double(rows.count)
    }
}
