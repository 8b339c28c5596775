public import AnalyticLearning

/// The result of a learn request.
public struct LearnAnswer: Sendable {
    /// The model's name.
    public var model: String
    /// The first version with the rows.
    public var version: Int
    /// The number of rows in the request.
    public var rows: Int
    /// The number of rows that the model has learned, including these.
    public var samples: Int
    /// The number of classes it knows.
    public var classes: Int
    /// The classes it did not know before.
    public var newClasses: [Label]
    /// The share of the rows that the previous plain weights got right; nil if no class was known.
    public var accuracyBefore: Double?
    /// The share of the rows that `predict` would have got right by default; nil if no class was known, or if it is no longer known.
    public var servedAccuracyBefore: Double?
}
