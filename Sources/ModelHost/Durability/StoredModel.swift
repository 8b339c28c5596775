internal import AnalyticLearning
internal import Concurrency

/// A stored model before its state has been recovered.
struct StoredModel: Sendable {
    let model: Model
    let recovery: ModelRecovery
    let reservation: Reservation
    let claim: NameClaim
    /// What its logs hold.
    let logged: ModelRecovery.Logged

    /// What its recovery takes.
    var cost: RecoveryStep<StoredModel>.Cost {
        let configuration = recovery.snapshot.configuration
        let (width, dimension) = (Double(configuration.width), Double(configuration.dimension))
        let perRow = width * (configuration.featureMap == .identity ? width : width + dimension)
        return RecoveryStep.Cost(
            bytes: reservation.bytes, operations: 2 * width * width * width + perRow * Double(logged.rows), isStored: logged.isEmpty)
    }

    /// Publishes the stored weights, which hold everything that was acknowledged: predictions need no more.
    func publishWeights(_ log: Log) {
        let start = MonotonicClock.now
        // What is wrong now is still wrong when the state is computed, which says so.
        guard let weights = try? recovery.storedWeights() else { return }
        // In this order: the details of a stored model tell of its files.
        model.files.withLock { $0 = FileActivity(checkpoint: recovery.checkpoint) }
        model.publish(weights)
        let milliseconds = Int(MonotonicClock.seconds(since: start) * 1e3)
        log.info(
            "predicting from the checkpoint",
            ["model": model.name, "version": "\(weights.version)", "milliseconds": "\(milliseconds)"])
    }
}
