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
        case .plain: return calibrator.calibration
        case .balanced: return balanced == nil ? nil : balancedCalibrator.calibration
        }
    }

    /// The saved form of a calibration; nil if no row was scored.
    public func calibrationState(of kind: WeightsKind) -> CalibrationState? {
        kind == .plain ? calibrator.state : balancedCalibrator.state
    }

    /// The saved form of the novelty of known rows; nil if no row was scored.
    public var noveltyState: NoveltyState? { noveltyRecorder.state }

    /// Reduces the weight of both calibrations and of the novelty of known rows, because some rows behind the weights have changed.
    ///
    /// - Parameters:
    ///   - rows: unchanged rows.
    ///   - all: rows before or after the change, whichever is more.
    func fadeCalibration(rows: Int, of all: Int) {
        let share = all > 0 ? Double(rows) / Double(all) : 0
        calibrator.fade(to: share)
        balancedCalibrator.fade(to: share)
        noveltyRecorder.fade(to: share)
    }
}
