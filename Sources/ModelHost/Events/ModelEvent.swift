package import AnalyticLearning

/// An event of a model.
package enum ModelEvent: Sendable {
    /// A block of rows has been learned.
    case learned(Learned)
    /// Balanced weights, computed from the state of a version in a number of seconds, have been published.
    case rebalanced(version: Int, balancedVersion: Int, seconds: Double)
    /// A checkpoint is in place.
    case checkpointed(version: Int, bytes: Int, seconds: Double)
    /// The view had drifted from the sums, and was solved again.
    case driftHealed(version: Int, driftBefore: Double, drift: Double)
    /// The model has been changed other than by learning.
    case changed(version: Int, ModelChange)
    /// The model has been deleted; no more events follow.
    case deleted

    /// The result of a learned block.
    package struct Learned: Sendable {
        package let version: Int
        package let rows: Int
        package let samples: Int
        package let classes: Int
        /// The first new classes, up to `maximumLabels` and `maximumLabelBytes`.
        package let newClasses: [Label]
        /// The number of new classes not named.
        package let unnamed: Int
        /// The share of the rows that the previous plain weights got right; nil if no class was known.
        package let accuracyBefore: Double?
        /// The share of the rows that `predict` would have got right by default; nil if no class was known.
        package let servedAccuracyBefore: Double?

        /// The most labels that an event names.
        private static let maximumLabels = 256
        /// The most bytes of labels that an event names.
        private static let maximumLabelBytes = 8 << 10

        /// - Parameter labels: all new classes; the event names only the first.
        init(
            state: StateSummary, rows: Int, newClasses labels: ArraySlice<Label>, accuracyBefore: Double?, servedAccuracyBefore: Double?
        ) {
            (version, samples, classes) = (state.version, state.samples, state.classes)
            self.rows = rows
            var (named, bytes) = (0, 0)
            for label in labels {
                bytes += label.byteCount
                guard named < Self.maximumLabels, bytes <= Self.maximumLabelBytes else { break }
                named += 1
            }
            newClasses = Array(labels.prefix(named))
            unnamed = labels.count - named
            self.accuracyBefore = accuracyBefore
            self.servedAccuracyBefore = servedAccuracyBefore
        }
    }

    /// What it counts of the ring's bytes: about the length of its text.
    var bytes: Int {
        guard case .learned(let learned) = self else { return 128 }
        return learned.newClasses.reduce(192) { $0 + 3 + $1.byteCount }
    }
}
