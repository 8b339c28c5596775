public import LinearAlgebra

/// Why rows cannot be unlearned; the model is unchanged.
public enum UnlearnError: Error, Equatable, Sendable {
    /// The model does not know the label.
    case unknownClass(row: Int, label: Label)
    /// More rows of a class than it has.
    case tooManyRows(label: Label, rows: Int, learned: Int)
    /// The rows cannot have been learned: without them G would not be a Gram matrix.
    case neverLearned
    /// The rows have cost all other rows digits: without them scores could be off by this much, relatively.
    case inexact(bound: Double)
    /// The rows have cost their class's other rows digits: the standard deviations used for pseudo-features would be wrong.
    case inexactMoments(label: Label)
    /// Out of memory.
    case solver(LinearAlgebraError)
}

/// The result of unlearning.
public struct UnlearnOutcome: Sendable, Equatable {
    /// The columns of classes whose sketches still contain the rows, ascending: frequent directions cannot be undone.
    public var staleSketches: [Int]
    /// Whether balanced weights were dropped because they included the rows. `rebalance` computes them again.
    public var droppedBalancedWeights: Bool
    /// Whether the view was solved again from the truth instead of downdated.
    public var solvedAnew: Bool
}
