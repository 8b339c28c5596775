internal import AnalyticLearning
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// `GET /v1/models/{model}/history`: the accuracies over the stream, at most 512 points and the newest state; and the race of all
/// weights and balances, at most 128 points each.
struct HistoryRoutes: Sendable {
    let registry: ModelRegistry
    let answers: AnswerSender

    func add(to routes: inout RouteSet) {
        routes.on(.modelHistory) { request, responder in history(request, responder) }
    }

    private func history(_ request: borrowing Request, _ responder: consuming Responder) {
        let (model, weights): (Model, PublishedWeights)
        do throws(Problem) {
            model = try registry.model(of: request)
            weights = try model.weights()
        } catch { return responder.send(error.response) }
        // The newest state is measured over all classes.
        answers.answer(request, responder, items: weights.classCount) { () throws(Problem) in
            Self.text(model.name, weights)
        }
    }

    private static func text(_ model: String, _ weights: PublishedWeights) -> AnswerText {
        let (version, evaluation) = (weights.version, weights.evaluation)
        let points = evaluation.history.points
        var text = AnswerText()
        text.add { writer in
            writer.beginObject()
            writer.member("model", model)
            writer.member("version", version)
            writer.member("window_capacity", evaluation.windowCapacity)
            writer.key("points")
            writer.beginArray()
        }
        text.add(points.count) { writer, index in
            let point = points[index]
            write(
                &writer, evaluated: point.evaluated, point.accuracy, point.balancedAccuracy, point.windowAccuracy,
                point.windowBalancedAccuracy)
        }
        text.add { writer in
            if evaluation.evaluatedSamples > points.last?.evaluated ?? 0 {
                let (overall, recent) = (evaluation.overall, evaluation.recent)
                write(
                    &writer, evaluated: evaluation.evaluatedSamples, overall.accuracy, overall.balancedAccuracy, recent.accuracy,
                    recent.balancedAccuracy)
            }
            writer.endArray()
            writer.key("race")
            writer.beginArray()
        }
        for kind in BalanceCurveAnswer.kinds { addRace(weights.curve(of: kind), kind, to: &text) }
        text.add { writer in
            writer.endArray()
            writer.endObject()
        }
        return text
    }

    private static func addRace(_ curve: BalanceCurve, _ kind: WeightsKind, to text: inout AnswerText) {
        guard curve.samples > 0 else { return }
        let history = curve.history
        text.add { writer in
            writer.beginObject()
            writer.member("weights", BalanceCurveAnswer.name(kind))
            writer.key("history")
            writer.beginArray()
        }
        text.add(history.count) { writer, index in write(&writer, history[index].samples, history[index].points) }
        text.add { writer in
            if history.count == 0 || history[history.count - 1].samples < curve.samples { write(&writer, curve.samples, curve.points) }
            writer.endArray()
            writer.endObject()
        }
    }

    private static func write(_ writer: inout JSONWriter, _ samples: Int, _ points: [BalanceCurve.Point]) {
        writer.beginObject()
        BalanceCurveAnswer.write(samples, points, to: &writer)
        writer.endObject()
    }

    private static func write(
        _ writer: inout JSONWriter, evaluated: Int, _ accuracy: Double?, _ balanced: Double?, _ window: Double?, _ windowBalanced: Double?
    ) {
        writer.beginObject()
        writer.member("evaluated_samples", evaluated)
        writer.member("accuracy", accuracy)
        writer.member("balanced_accuracy", balanced)
        writer.member("window_accuracy", window)
        writer.member("window_balanced_accuracy", windowBalanced)
        writer.endObject()
    }
}
