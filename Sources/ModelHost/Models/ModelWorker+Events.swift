internal import AnalyticLearning
internal import Concurrency

/// The worker's events for readers. The worker never waits for them.
extension ModelWorker {
    /// A block of rows has been learned.
    func tellOfLearning(rows: Int, knownBefore: Int, accuracyBefore: Double?) {
        let labels = classifier.registry.labels[knownBefore...]
        model.events.publish(
            .learned(ModelEvent.Learned(state: summary, rows: rows, newClasses: labels, accuracyBefore: accuracyBefore)))
    }

    /// Balanced weights have been published.
    func noteRebalance(seconds: Double) {
        let version = classifier.balancedVersion ?? classifier.version
        model.activity.withLock {
            $0.rebalances += 1
            $0.rebalanceSeconds += seconds
            $0.lastRebalance = ModelActivity.Rebalance(version: version, time: WallClock.now, seconds: seconds)
        }
        model.events.publish(.rebalanced(version: classifier.version, balancedVersion: version, seconds: seconds))
    }

    /// The view was found to have drifted, and was solved again.
    func tellOfHealing() {
        let health = classifier.health
        defer { toldHeals = health.heals }
        // A restored state counts from zero.
        guard health.heals > toldHeals else { return }
        model.events.publish(
            .driftHealed(version: classifier.version, driftBefore: health.driftBeforeHeal, drift: health.drift))
    }
}
