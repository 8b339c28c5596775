internal import AnalyticLearning
internal import Concurrency
internal import TensorFormats

/// The worker's events for readers. The worker never waits for them.
extension ModelWorker {
    /// Labels that an event names; one with more says how many there are beside them.
    private static let maximumLabels = 256
    /// Bytes of labels that an event names.
    private static let maximumLabelBytes = 8 << 10

    /// A block of rows has been learned.
    func tellOfLearning(rows: Int, knownBefore: Int, accuracyBefore: Double?) {
        model.events.publish(.learned) { writer in
            writer.member("version", classifier.version)
            writer.member("rows", rows)
            writer.member("samples", classifier.samples)
            writer.member("classes", classifier.registry.count)
            writer.key("new_classes")
            writer.beginArray()
            var (named, bytes) = (0, 0)
            for label in classifier.registry.labels[knownBefore...] {
                bytes += label.byteCount
                guard named < Self.maximumLabels, bytes <= Self.maximumLabelBytes else { break }
                writer.write(label)
                named += 1
            }
            writer.endArray()
            let unnamed = classifier.registry.count - knownBefore - named
            if unnamed > 0 {
                writer.member("new_classes_not_named", unnamed)
            }
            writer.member("accuracy_before", accuracyBefore)
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
            writer.member("version", classifier.version)
            writer.member("balanced_version", version)
            writer.member("seconds", seconds)
        }
    }

    /// The model has been changed otherwise than by learning.
    func tell(of change: ModelChange) {
        model.events.publish(.changed) { writer in
            writer.member("version", classifier.version)
            writer.member("change", change.name)
        }
    }

    /// The view was found to have drifted, and was solved again.
    func tellOfHealing() {
        let health = classifier.health
        defer { toldHeals = health.heals }
        // A restored state counts from zero.
        guard health.heals > toldHeals else { return }
        model.events.publish(.driftHealed) { writer in
            writer.member("version", classifier.version)
            writer.member("drift_before", health.driftBeforeHeal)
            writer.member("drift", health.drift)
        }
    }
}
