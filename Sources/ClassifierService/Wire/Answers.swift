internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// The answer to a learn request.
struct LearnAnswer {
    var model: String
    var version: Int
    var rows: Int
    var samples: Int
    var classes: Int
    var newClasses: [String]
    var accuracyBefore: Double?

    var response: Response {
        .json { writer in
            writer.key("model")
            writer.write(model)
            writer.key("version")
            writer.write(version)
            writer.key("rows")
            writer.write(rows)
            writer.key("samples")
            writer.write(samples)
            writer.key("classes")
            writer.write(classes)
            writer.key("new_classes")
            writer.beginArray()
            for label in newClasses { writer.write(label) }
            writer.endArray()
            writer.key("accuracy_before")
            if let accuracyBefore { writer.write(accuracyBefore) } else { writer.writeNull() }
        }
    }
}

/// A model's details.
struct ModelAnswer {
    var model: Model
    var weights: PublishedWeights
    /// Why the model learns no more, where it does not.
    var stopped: String?

    func response(_ status: Status) -> Response {
        .json(status) { writer in
            ModelSummary(name: model.name, weights: weights).write(to: &writer)
            if let stopped {
                writer.key("learning_stopped")
                writer.write(stopped)
            }
            writer.key("config")
            writer.write(ConfigurationJSON.encode(weights.configuration))
            let health = weights.health
            writer.key("ill_conditioned")
            writer.write(health.isIllConditioned)
            if health.isIllConditioned {
                writer.key("suggested_ridge")
                writer.write(health.curingRidge)
            }
            writer.key("condition_estimate")
            if health.conditionEstimate.isFinite { writer.write(health.conditionEstimate) } else { writer.writeNull() }
            writer.key("drift")
            writer.write(health.drift)
            writer.key("solves")
            writer.write(health.solves)
            if weights.configuration.imbalance != .none {
                writer.key("balanced_version")
                if let version = weights.balancedVersion { writer.write(version) } else { writer.writeNull() }
            }
            writer.key("evaluation")
            writer.beginObject()
            EvaluationAnswer(evaluation: weights.evaluation, labels: weights.labels, counts: weights.counts).write(to: &writer)
            writer.endObject()
            writer.key("calibration")
            CalibrationAnswer(calibration: weights.calibration(of: .plain)).write(to: &writer)
            if weights.configuration.imbalance != .none {
                writer.key("balanced_calibration")
                CalibrationAnswer(calibration: weights.calibration(of: .balanced)).write(to: &writer)
            }
            ActivityAnswer(model).write(to: &writer)
            writer.key("memory_bytes")
            writer.write(weights.configuration.estimatedBytes(classes: weights.classCount) ?? 0)
        }
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
