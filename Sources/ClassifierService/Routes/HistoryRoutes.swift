internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// `GET /v1/models/{model}/history`: how the accuracies went over the stream, at most 512 points and the newest state.
struct HistoryRoutes: Sendable {
    let registry: ModelRegistry

    func add(to routes: inout RouteSet) {
        routes.on(.modelHistory) { request, responder in
            let response: Response
            do throws(Problem) { response = try history(request) } catch { response = error.response }
            responder.send(response)
        }
    }

    private func history(_ request: borrowing Request) throws(Problem) -> Response {
        let model = try registry.model(of: request)
        let weights = try model.weights()
        let evaluation = weights.evaluation
        return .json { writer in
            writer.key("model")
            writer.write(model.name)
            writer.key("version")
            writer.write(weights.version)
            writer.key("window_capacity")
            writer.write(evaluation.windowCapacity)
            writer.key("points")
            writer.beginArray()
            for point in evaluation.history.points {
                Self.write(
                    &writer, evaluated: point.evaluated, point.accuracy, point.balancedAccuracy, point.windowAccuracy,
                    point.windowBalancedAccuracy)
            }
            if evaluation.evaluatedSamples > evaluation.history.points.last?.evaluated ?? 0 {
                let (overall, recent) = (evaluation.overall, evaluation.recent)
                Self.write(
                    &writer, evaluated: evaluation.evaluatedSamples, overall.accuracy, overall.balancedAccuracy, recent.accuracy,
                    recent.balancedAccuracy)
            }
            writer.endArray()
        }
    }

    private static func write(
        _ writer: inout JSONWriter, evaluated: Int, _ accuracy: Double?, _ balanced: Double?, _ window: Double?, _ windowBalanced: Double?
    ) {
        writer.beginObject()
        writer.key("evaluated_samples")
        writer.write(evaluated)
        writer.key("accuracy")
        writer.write(accuracy)
        writer.key("balanced_accuracy")
        writer.write(balanced)
        writer.key("window_accuracy")
        writer.write(window)
        writer.key("window_balanced_accuracy")
        writer.write(windowBalanced)
        writer.endObject()
    }
}
