internal import AnalyticLearning

/// What each set of weights got right at each balance, test-then-train. Models without a temperature are left out.
struct RaceMetrics {
    private let entries: [(labels: [MetricsText.Label], samples: Int, points: [BalanceCurve.Point])]

    init(models: [ModelReading]) {
        var found: [(labels: [MetricsText.Label], samples: Int, points: [BalanceCurve.Point])] = []
        for model in models {
            for (kind, name) in [(WeightsKind.plain, "plain"), (.balanced, "balanced")] {
                guard let curve = model.weights?.curve(of: kind), curve.samples > 0 else { continue }
                found.append(([model.label, ("weights", name)], curve.samples, curve.points))
            }
        }
        entries = found
    }

    /// Writes the metrics.
    func write(to text: inout MetricsText) {
        text.family("accrue_model_race_samples", .gauge, "Rows predicted at every balance before they were learned.")
        for entry in entries { text.sample(entry.labels, entry.samples) }
        family(&text, "accrue_model_race_accuracy_ratio", "Share of these rows that were predicted right.", \.accuracy)
        family(&text, "accrue_model_race_balanced_accuracy_ratio", "Mean accuracy over the classes.", \.balancedAccuracy)
        family(&text, "accrue_model_race_log_loss", "Mean negative logarithm of the probability of the true class.", \.logLoss)
        family(
            &text, "accrue_model_race_expected_calibration_error_ratio", "Expected calibration error of the probabilities.",
            \.expectedCalibrationError)
    }

    private func family(
        _ text: inout MetricsText, _ name: StaticString, _ help: StaticString, _ value: (BalanceCurve.Point) -> Double?
    ) {
        text.family(name, .gauge, help)
        for entry in entries {
            for point in entry.points { text.sample(entry.labels + [("balance", "\(point.balance)")], value(point)) }
        }
    }
}
