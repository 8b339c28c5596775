internal import AnalyticLearning
internal import Locks
internal import TensorFormats

/// What the worker tells those who read along. None of it waits for them.
extension ModelWorker {
    /// Labels that an event names; one with more says how many there are beside them.
    private static let maximumLabels = 256
    /// Bytes of labels that an event names.
    private static let maximumLabelBytes = 8 << 10

    /// A block of rows has been learned.
    func tellOfLearning(rows: Int, knownBefore: Int, accuracyBefore: Double?) {
        model.events.publish(.learned) { writer in
            writer.key("version")
            writer.write(classifier.version)
            writer.key("rows")
            writer.write(rows)
            writer.key("samples")
            writer.write(classifier.samples)
            writer.key("classes")
            writer.write(classifier.registry.count)
            writer.key("new_classes")
            writer.beginArray()
            var (named, bytes) = (0, 0)
            for label in classifier.registry.labels[knownBefore...] {
                bytes += label.utf8.count
                guard named < Self.maximumLabels, bytes <= Self.maximumLabelBytes else { break }
                writer.write(label)
                named += 1
            }
            writer.endArray()
            let unnamed = classifier.registry.count - knownBefore - named
            if unnamed > 0 {
                writer.key("new_classes_not_named")
                writer.write(unnamed)
            }
            writer.key("accuracy_before")
            if let accuracyBefore { writer.write(accuracyBefore) } else { writer.writeNull() }
        }
    }

    /// Balanced weights have been published.
    func noteRebalance(seconds: Double) {
        let version = classifier.balancedVersion ?? classifier.version
        model.activity.withLock {
            $0.rebalances += 1
            $0.rebalanceSeconds += seconds
            $0.lastRebalance = ModelActivity.Rebalance(version: version, time: WallClock.now, seconds: seconds)
        }
        model.events.publish(.rebalanced) { writer in
            writer.key("version")
            writer.write(classifier.version)
            writer.key("balanced_version")
            writer.write(version)
            writer.key("seconds")
            writer.write(seconds)
        }
    }

    /// The model has been changed otherwise than by learning.
    func tell(of change: ModelChange) {
        model.events.publish(.changed) { writer in
            writer.key("version")
            writer.write(classifier.version)
            writer.key("change")
            writer.write(change.name)
        }
    }

    /// The view was found to have drifted, and was solved anew.
    func tellOfHealing() {
        let health = classifier.health
        defer { toldHeals = health.heals }
        // A restored state counts from zero.
        guard health.heals > toldHeals else { return }
        model.events.publish(.driftHealed) { writer in
            writer.key("version")
            writer.write(classifier.version)
            writer.key("drift_before")
            writer.write(health.driftBeforeHeal)
            writer.key("drift")
            writer.write(health.drift)
        }
    }
}
