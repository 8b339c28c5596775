public import AnalyticLearning

/// What became of rows that were learned.
public struct LearnAnswer: Sendable {
    /// The model's name.
    public var model: String
    /// The version that has the rows.
    public var version: Int
    /// The rows of the request.
    public var rows: Int
    /// All rows that the model has learned, these included.
    public var samples: Int
    /// The classes that it knows.
    public var classes: Int
    /// Those that it did not know before.
    public var newClasses: [Label]
    /// The share of the rows that the weights before them got right; nil if no class was known.
    public var accuracyBefore: Double?
}
