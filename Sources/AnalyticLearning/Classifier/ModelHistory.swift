/// What a model knows besides what it has learned: its past accuracy, and the events of its view.
///
/// It belongs to one state, and fits any classifier with the same state.
public struct ModelHistory: Sendable {
    let evaluation: ProgressiveEvaluation
    let calibration: CalibrationState?
    let balancedCalibration: CalibrationState?
    let curve: BalanceCurve
    let balancedCurve: BalanceCurve
    let novelty: NoveltyState?
    let balanced: BalancedWeights?
    let health: ViewHealth
    let epoch: Int
    let registry: ClassRegistry
}

extension Classifier {
    /// This classifier's history.
    ///
    /// - Complexity: O(1).
    public var history: ModelHistory {
        ModelHistory(
            evaluation: evaluation, calibration: calibrationState(of: .plain), balancedCalibration: calibrationState(of: .balanced),
            curve: plainTest.curve, balancedCurve: balancedTest.curve, novelty: noveltyRecorder.state, balanced: balanced, health: health,
            epoch: epoch, registry: registry)
    }

    /// Continues the history of another classifier with the same state, from which this one was restored. Results of the other's
    /// jobs stay valid.
    ///
    /// - Complexity: O(1).
    public func resume(_ history: ModelHistory) {
        evaluation = history.evaluation
        plainTest.calibrator.restore(history.calibration)
        balancedTest.calibrator.restore(history.balancedCalibration)
        plainTest.curve = history.curve
        balancedTest.curve = history.balancedCurve
        noveltyRecorder.restore(history.novelty)
        core.view.health.add(history.health)
        epoch = history.epoch
        registry.takeIdentities(of: history.registry)
        balanced = history.balanced
    }
}
