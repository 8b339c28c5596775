public import LinearAlgebra

/// Why rows cannot be unlearned; nothing has changed when it is thrown.
public enum UnlearnError: Error, Equatable, Sendable {
    /// A label that the model does not know.
    case unknownClass(row: Int, label: Label)
    /// More rows of a class than it has.
    case tooManyRows(label: Label, rows: Int, learned: Int)
    /// Rows that cannot have been learned: without them the Gram matrix would not be one.
    case neverLearned
    /// Rows that have taken digits of all other rows with them: without them scores could be off by this much, relatively.
    case inexact(bound: Double)
    /// Rows that have taken digits of their class's other rows with them: its standard deviations, which pseudo-features are drawn with,
    /// would not be those of the rest.
    case inexactMoments(label: Label)
    /// There was no memory.
    case solver(LinearAlgebraError)
}

/// What unlearning did.
public struct UnlearnOutcome: Sendable, Equatable {
    /// The columns of classes whose sketches still know the rows: frequent directions cannot be undone. Ascending.
    public var staleSketches: [Int]
    /// Whether balanced weights were dropped because they knew the rows. `rebalance` makes them again.
    public var droppedBalancedWeights: Bool
    /// Whether the view was solved again from the truth, rather than downdated.
    public var solvedAnew: Bool
}
