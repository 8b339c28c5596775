internal import AnalyticLearning
internal import TensorFormats

/// What one set of weights got right at each balance, test-then-train.
struct BalanceCurveAnswer: Sendable {
    let kind: WeightsKind
    private let samples: Int
    private let points: [BalanceCurve.Point]

    /// The curves of all weights that a model keeps, without those that have counted nothing yet.
    ///
    /// - Complexity: O(C).
    static func all(of weights: PublishedWeights) -> [BalanceCurveAnswer] {
        kinds.compactMap { kind in
            let curve = weights.curve(of: kind)
            return curve.samples > 0 ? BalanceCurveAnswer(kind: kind, samples: curve.samples, points: curve.points) : nil
        }
    }

    static let kinds = [WeightsKind.plain, .balanced]

    static func name(_ kind: WeightsKind) -> StaticString { kind == .plain ? "plain" : "balanced" }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("weights", Self.name(kind))
        Self.write(samples, points, to: &writer)
        writer.endObject()
    }

    /// Writes the rows counted, and the figures at each balance.
    static func write(_ samples: Int, _ points: [BalanceCurve.Point], to writer: inout JSONWriter) {
        writer.member("samples", samples)
        writer.key("points")
        writer.beginArray()
        for point in points {
            writer.beginObject()
            writer.member("balance", point.balance)
            writer.member("accuracy", point.accuracy)
            writer.member("balanced_accuracy", point.balancedAccuracy)
            writer.member("log_loss", point.logLoss)
            writer.member("expected_calibration_error", point.expectedCalibrationError)
            writer.endObject()
        }
        writer.endArray()
    }
}
