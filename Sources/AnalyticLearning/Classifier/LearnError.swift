/// Input that a classifier refuses; the model is unchanged.
public enum LearnError: Error, Equatable, Sendable {
    /// A request without rows.
    case noRows
    /// The number of values is not rows times dimension.
    case featureCount(Int, expected: Int)
    /// A value that is not finite or above 1e50 in magnitude.
    case value(row: Int, column: Int, value: Double)
    /// A text that is not a valid label.
    case label(row: Int, LabelError)
    /// The first rows give the feature map no scale.
    case scale(ScaleError)
    /// More rows or versions than can be counted: `Classifier.maximumCount`.
    case tooManyRows
}
