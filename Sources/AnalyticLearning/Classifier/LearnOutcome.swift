/// The result of learning a block of requests.
public struct LearnOutcome: Sendable, Equatable {
    /// The column that the weights before the request would have chosen for each row; −1 if no class was known.
    public var predictions: [Int]

    /// The share of the given rows whose class was chosen; nil on an empty model.
    ///
    /// - Parameters:
    ///   - rows: the rows of one request.
    ///   - columns: the true columns of all rows.
    ///   - knownClasses: the number of classes known before the request.
    public func accuracy(of rows: Range<Int>, columns: [Int], knownClasses: Int) -> Double? {
        guard knownClasses > 0, !rows.isEmpty else { return nil }
        var correct = 0
        for row in rows where predictions[row] == columns[row] { correct += 1 }
        return Double(correct) / Double(rows.count)
    }
}
