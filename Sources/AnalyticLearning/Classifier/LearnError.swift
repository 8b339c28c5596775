/// Input that a classifier refuses; nothing has changed when it is thrown.
public enum LearnError: Error, Equatable, Sendable {
    /// A request without rows.
    case noRows
    /// Another number of values than rows times the dimension.
    case featureCount(Int, expected: Int)
    /// A value that is not finite or above 1e50 in magnitude.
    case value(row: Int, column: Int, value: Double)
    /// A text that is no label.
    case label(row: Int, LabelError)
    /// More rows, or versions, than are counted: `Classifier.maximumCount`.
    case tooManyRows
}
