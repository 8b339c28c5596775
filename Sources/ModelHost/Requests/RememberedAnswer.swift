package import AnalyticLearning

/// An answer kept under its key. Its content is opaque here: the caller that made the request wrote it and will read it.
package struct RememberedAnswer: Sendable {
    /// The answer up to its list of classes, or all of it.
    package let start: [UInt8]
    /// The current labels of the listed classes; nil in an answer without a list.
    package let labels: [Label]?
    /// The rest of the answer.
    package let end: [UInt8]
}
