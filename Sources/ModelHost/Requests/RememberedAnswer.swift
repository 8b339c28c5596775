package import AnalyticLearning

/// An answer that was kept under its key. What it says is opaque here: whoever made the request wrote it, and reads it again.
package struct RememberedAnswer: Sendable {
    /// The answer up to its list of classes, or all of it.
    package let start: [UInt8]
    /// The classes listed, by their present labels; nil in an answer without a list.
    package let labels: [Label]?
    /// The rest of the answer.
    package let end: [UInt8]
}
