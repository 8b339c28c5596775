extension Classifier {
    /// How scores become probabilities; nil while fewer than `Calibration.minimumSamples` rows have been scored, or two classes known.
    ///
    /// Learning refines it. Another ridge makes other scores and restarts it; so does another imbalance setting that of the balanced
    /// weights. Unlearning, merging and deleted classes make it count for less, by the share of rows that have come or gone.
    ///
    /// - Complexity: O(1).
    public func calibration(of kind: WeightsKind) -> Calibration? {
        guard counts.count >= 2 else { return nil }
        switch kind {
        case .plain: return calibrator.calibration
        case .balanced: return balanced == nil ? nil : balancedCalibrator.calibration
        }
    }

    /// What the calibrations rest on, as a snapshot holds it; nil where nothing has been scored.
    public func calibrationState(of kind: WeightsKind) -> CalibrationState? {
        kind == .plain ? calibrator.state : balancedCalibrator.state
    }

    /// Makes both calibrations count for less: some of the rows behind the weights are others than were scored.
    ///
    /// - Parameters:
    ///   - rows: those that are the same.
    ///   - all: those before or after the change, whichever are more.
    func fadeCalibration(rows: Int, of all: Int) {
        let share = all > 0 ? Double(rows) / Double(all) : 0
        calibrator.fade(to: share)
        balancedCalibrator.fade(to: share)
    }
}
