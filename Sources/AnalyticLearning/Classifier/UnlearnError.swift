public import LinearAlgebra

/// Why rows cannot be unlearned; nothing has changed when it is thrown.
public enum UnlearnError: Error, Equatable, Sendable {
    /// A label that the model does not know.
    case unknownClass(row: Int, label: String)
    /// More rows of a class than it has.
    case tooManyRows(label: String, rows: Int, learned: Int)
    /// Rows that cannot have been learned: without them the Gram matrix would not be one.
    case neverLearned
    /// There was no memory.
    case solver(LinearAlgebraError)
}

/// What unlearning did.
public struct UnlearnOutcome: Sendable, Equatable {
    /// The columns of classes whose sketches still know the rows: frequent directions cannot be undone. Ascending.
    public var staleSketches: [Int]
    /// Whether balanced weights were dropped because they knew the rows. `rebalance` makes them again.
    public var droppedBalancedWeights: Bool
    /// Whether the view was solved anew from the truth, rather than downdated.
    public var solvedAnew: Bool
}
