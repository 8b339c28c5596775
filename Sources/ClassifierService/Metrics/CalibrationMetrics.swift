internal import AnalyticLearning

/// How far the models' probabilities can be trusted. Models without probabilities are left out.
struct CalibrationMetrics {
    private let calibrations: [(labels: [MetricsText.Label], calibration: Calibration)]

    init(models: [ModelReading]) {
        var found: [(labels: [MetricsText.Label], calibration: Calibration)] = []
        for model in models {
            for (kind, name) in [(WeightsKind.plain, "plain"), (.balanced, "balanced")] {
                guard let calibration = model.weights?.calibration(of: kind) else { continue }
                found.append(([model.label, ("weights", name)], calibration))
            }
        }
        calibrations = found
    }

    /// Writes the metrics.
    func write(to text: inout MetricsText) {
        text.family("accrue_model_calibration_temperature", .gauge, "Divisor of the scores before the softmax.")
        for entry in calibrations { text.sample(entry.labels, entry.calibration.temperature) }
        text.family("accrue_model_calibration_samples", .gauge, "Labelled rows that the temperature was fitted to.")
        for entry in calibrations { text.sample(entry.labels, entry.calibration.samples) }
        text.family(
            "accrue_model_expected_calibration_error_ratio", .gauge,
            "Expected calibration error of the probabilities, with and without the temperature.")
        for entry in calibrations {
            text.sample(entry.labels + [("scores", "calibrated")], entry.calibration.expectedCalibrationError)
            text.sample(entry.labels + [("scores", "raw")], entry.calibration.expectedCalibrationErrorOfRawScores)
        }
    }
}
