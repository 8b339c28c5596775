package import AnalyticLearning

/// What has happened to a model.
package enum ModelEvent: Sendable {
    /// A block of rows has been learned.
    case learned(Learned)
    /// Balanced weights, made from the state of a version, have been published after so many seconds.
    case rebalanced(version: Int, balancedVersion: Int, seconds: Double)
    /// A checkpoint is in place.
    case checkpointed(version: Int, bytes: Int, seconds: Double)
    /// The view had drifted from the sums, and was solved again.
    case driftHealed(version: Int, driftBefore: Double, drift: Double)
    /// The model has been changed otherwise than by learning.
    case changed(version: Int, ModelChange)
    /// The model has been deleted: there are no further events.
    case deleted

    /// What a learned block has come to.
    package struct Learned: Sendable {
        package let version: Int
        package let rows: Int
        package let samples: Int
        package let classes: Int
        /// The first of the new classes, see `maximumLabels`.
        package let newClasses: [Label]
        /// The number of new classes that are not named.
        package let unnamed: Int
        /// The share of the rows that the weights before got right; nil if no class was known.
        package let accuracyBefore: Double?

        /// Labels that an event names at most.
        private static let maximumLabels = 256
        /// Bytes of labels that an event names at most.
        private static let maximumLabelBytes = 8 << 10

        /// - Parameter labels: all new classes; the event names some hundred at most.
        init(state: StateSummary, rows: Int, newClasses labels: ArraySlice<Label>, accuracyBefore: Double?) {
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
        }
    }

    /// What it takes in memory, about.
    var bytes: Int {
        guard case .learned(let learned) = self else { return 128 }
        return learned.newClasses.reduce(192) { $0 + 16 + $1.byteCount }
    }
}
