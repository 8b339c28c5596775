internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// The answer to a learn request.
struct LearnAnswer: Sendable {
    var model: String
    var version: Int
    var rows: Int
    var samples: Int
    var classes: Int
    var newClasses: [Label]
    var accuracyBefore: Double?

    var response: Response { text.response }

    var text: AnswerText {
        var text = AnswerText()
        text.add { [self] writer in
            writer.beginObject()
            writer.member("model", model)
            writer.member("version", version)
            writer.member("rows", rows)
            writer.member("samples", samples)
            writer.member("classes", classes)
            writer.key("new_classes")
            writer.beginArray()
        }
        text.add(newClasses.count) { [newClasses] writer, index in writer.write(newClasses[index]) }
        text.add { [accuracyBefore] writer in
            writer.endArray()
            writer.member("accuracy_before", accuracyBefore)
            writer.endObject()
        }
        return text
    }
}

/// A model's details.
struct ModelAnswer: Sendable {
    private let summary: ModelSummary
    private let configuration: ModelConfiguration
    private let health: ViewHealth
    private let sumError: SumError
    private let memoryBytes: Int?
    private let balancedVersion: Int?
    private let evaluation: EvaluationAnswer
    private let plainCalibration: Calibration?
    private let balancedCalibration: Calibration?
    private let activity: ActivityAnswer
    /// Why the model learns no more, where it does not.
    private let stopped: String?

    /// All that is told, and of the weights no more: they are not kept for a client that reads slowly.
    init(model: Model, weights: PublishedWeights, stopped: String? = nil) {
        summary = ModelSummary(name: model.name, weights: weights)
        configuration = weights.configuration
        health = weights.health
        sumError = weights.sumError
        memoryBytes = weights.estimatedBytes
        balancedVersion = weights.balancedVersion
        evaluation = EvaluationAnswer(evaluation: weights.evaluation, labels: weights.labels, counts: weights.counts)
        plainCalibration = weights.calibration(of: .plain)
        balancedCalibration = weights.calibration(of: .balanced)
        activity = ActivityAnswer(model)
        self.stopped = stopped
    }

    func text(_ status: Status) -> AnswerText {
        var text = AnswerText(status)
        text.add { [self] writer in
            writer.beginObject()
            summary.write(to: &writer)
            if let stopped {
                writer.member("learning_stopped", stopped)
            }
            writer.member("config", ConfigurationJSON.encode(configuration))
            writer.member("ill_conditioned", health.isIllConditioned)
            if let ridge = health.curingRidge {
                writer.member("suggested_ridge", ridge)
            }
            writer.member("inexact", sumError.isInexact)
            if sumError.isInexact {
                writer.key("relative_error_bound")
                if sumError.relative.isFinite { writer.write(sumError.relative) } else { writer.writeNull() }
            }
            writer.key("condition_estimate")
            if health.conditionEstimate.isFinite { writer.write(health.conditionEstimate) } else { writer.writeNull() }
            writer.member("drift", health.drift)
            writer.member("solves", health.solves)
            if configuration.imbalance != .none {
                writer.member("balanced_version", balancedVersion)
            }
            writer.key("evaluation")
            writer.beginObject()
        }
        evaluation.add(to: &text)
        text.add { [self] writer in
            writer.endObject()
            writer.key("calibration")
            CalibrationAnswer(calibration: plainCalibration).write(to: &writer)
            if configuration.imbalance != .none {
                writer.key("balanced_calibration")
                CalibrationAnswer(calibration: balancedCalibration).write(to: &writer)
            }
            activity.write(to: &writer)
            writer.member("memory_bytes", memoryBytes ?? 0)
            writer.endObject()
        }
        return text
    }
}

extension Response {
    /// A response whose content is one JSON object.
    static func json(_ status: Status = .ok, _ body: (inout JSONWriter) -> Void) -> Response {
        var writer = JSONWriter()
        writer.beginObject()
        body(&writer)
        writer.endObject()
        return Response(status, contentType: "application/json", bytes: writer.array)
    }
}
