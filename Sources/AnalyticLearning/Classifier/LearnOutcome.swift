/// What a block of learn requests did.
public struct LearnOutcome: Sendable, Equatable {
    /// For each row the column that the weights before its request would have chosen; −1 where no class was known.
    public var predictions: [Int]

    /// The share of rows whose class was chosen, over some rows; nil on an empty model.
    ///
    /// - Parameters:
    ///   - rows: the rows of one request.
    ///   - columns: the true columns of all rows.
    ///   - knownClasses: how many classes were known before the request.
    public func accuracy(of rows: Range<Int>, columns: [Int], knownClasses: Int) -> Double? {
        guard knownClasses > 0, !rows.isEmpty else { return nil }
        var correct = 0
        for row in rows where predictions[row] == columns[row] { correct += 1 }
        return Double(correct) / Double(rows.count)
    }
}
