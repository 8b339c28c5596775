extension Classifier {
    /// How scores become probabilities; nil until `Calibration.minimumSamples` rows have been scored and two classes are known.
    ///
    /// Learning refines it. Changing the ridge restarts it, because the scores change; changing imbalance restarts that of the
    /// balanced weights. Unlearning, merging and deleting classes reduce its weight by the share of rows that came or went.
    ///
    /// - Complexity: O(1).
    public func calibration(of kind: WeightsKind) -> Calibration? {
        guard counts.count >= 2 else { return nil }
        switch kind {
        case .plain: return plainTest.calibrator.calibration
        case .balanced: return balanced == nil ? nil : balancedTest.calibrator.calibration
        }
    }

    /// The saved form of a calibration; nil if no row was scored.
    public func calibrationState(of kind: WeightsKind) -> CalibrationState? {
        test(of: kind).calibrator.state
    }

    /// What the weights got right at each balance, before the rows were learned: of the same rows for all weights.
    ///
    /// Changing the ridge restarts it, because the scores change; changing imbalance restarts that of the balanced weights.
    public func curve(of kind: WeightsKind) -> BalanceCurve { test(of: kind).curve }

    private func test(of kind: WeightsKind) -> ProgressiveTest { kind == .plain ? plainTest : balancedTest }

    /// The saved form of the novelty of known rows; nil if no row was scored.
    public var noveltyState: NoveltyState? { noveltyRecorder.state }

    /// Reduces the weight of both calibrations and of the novelty of known rows, because some rows behind the weights have changed.
    ///
    /// - Parameters:
    ///   - rows: unchanged rows.
    ///   - all: rows before or after the change, whichever is more.
    func fadeCalibration(rows: Int, of all: Int) {
        let share = all > 0 ? Double(rows) / Double(all) : 0
        plainTest.calibrator.fade(to: share)
        balancedTest.calibrator.fade(to: share)
        noveltyRecorder.fade(to: share)
    }
}
