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
        text.family("accrue_model_set_coverage_ratio", .gauge, "Share of rows whose sets of labels contained their label.")
        forEachLevel { labels, coverage in text.sample(labels, coverage.covered) }
        text.family("accrue_model_set_labels", .gauge, "Mean number of labels in a set.")
        forEachLevel { labels, coverage in text.sample(labels, coverage.meanSize) }
    }

    private func forEachLevel(_ body: ([MetricsText.Label], CoverageThreshold) -> Void) {
        for entry in calibrations {
            for level in CoverageLevel.allCases {
                guard let coverage = entry.calibration.coverage(level) else { continue }
                body(entry.labels + [("level", "\(level.rawValue)")], coverage)
            }
        }
    }
}
