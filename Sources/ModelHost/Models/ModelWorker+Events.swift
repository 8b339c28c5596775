internal import AnalyticLearning
internal import Concurrency

/// The worker's events for readers. The worker never waits for readers.
extension ModelWorker {
    /// Publishes that a block of rows was learned.
    func tellOfLearning(rows: Int, knownBefore: Int, accuracyBefore: Double?, servedAccuracyBefore: Double?) {
        let labels = classifier.registry.labels[knownBefore...]
        model.events.publish(
            .learned(
                ModelEvent.Learned(
                    state: summary, rows: rows, newClasses: labels, accuracyBefore: accuracyBefore,
                    servedAccuracyBefore: servedAccuracyBefore)))
    }

    /// Records and publishes a refresh of balanced weights.
    func noteRebalance(seconds: Double) {
        let version = classifier.balancedVersion ?? classifier.version
        model.activity.withLock {
            $0.rebalances += 1
            $0.rebalanceSeconds += seconds
            $0.lastRebalance = ModelActivity.Rebalance(version: version, time: WallClock.now, seconds: seconds)
        }
        model.events.publish(.rebalanced(version: classifier.version, balancedVersion: version, seconds: seconds))
    }

    /// Publishes that the view had drifted and was solved again.
    func tellOfHealing() {
        let health = classifier.health
        defer { toldHeals = health.heals }
        // A restored state counts from zero.
        guard health.heals > toldHeals else { return }
        model.events.publish(
            .driftHealed(version: classifier.version, driftBefore: health.driftBeforeHeal, drift: health.drift))
    }
}
