/// What a model knows beside what it has learned: how well it did before, and what its view went through.
///
/// It is of one state, and fits another classifier of the same state.
public struct ModelHistory: Sendable {
    let evaluation: ProgressiveEvaluation
    let calibration: CalibrationState?
    let balancedCalibration: CalibrationState?
    let balanced: BalancedWeights?
    let health: ViewHealth
    let epoch: Int
    let registry: ClassRegistry
}

extension Classifier {
    /// What this classifier knows beside what it has learned.
    ///
    /// - Complexity: O(1).
    public var history: ModelHistory {
        ModelHistory(
            evaluation: evaluation, calibration: calibrator.state, balancedCalibration: balancedCalibrator.state, balanced: balanced,
            health: health, epoch: epoch, registry: registry)
    }

    /// Goes on with the history of another classifier: this one is the same state, made again from what was saved of it. What a job makes of
    /// the other one is wanted as before.
    ///
    /// - Complexity: O(1).
    public func resume(_ history: ModelHistory) {
        evaluation = history.evaluation
        calibrator.restore(history.calibration)
        balancedCalibrator.restore(history.balancedCalibration)
        core.view.health.add(history.health)
        epoch = history.epoch
        registry.takeIdentities(of: history.registry)
        balanced = history.balanced
    }
}
