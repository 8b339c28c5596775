internal import AnalyticLearning
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// `GET /v1/models/{model}/ridge`: how well other ridges would predict, estimated from the sums.
struct RidgeRoute: Sendable {
    let registry: ModelRegistry

    func add(to routes: inout RouteSet) {
        routes.on(.ridgeCurve) { request, responder in
            let deferred = responder.deferred()
            do throws(Problem) {
                let completion = Completion<RidgeReport>(deferred) { report in deferred.send(.json { Self.write(report, &$0) }) }
                try registry.model(of: request).submit(.ridgeCurve(completion))
            } catch { deferred.send(error.response) }
        }
    }

    private static func write(_ report: RidgeReport, _ writer: inout JSONWriter) {
        writer.member("model", report.model)
        writer.member("version", report.version)
        writer.member("samples", report.samples)
        writer.member("ridge", report.ridge)
        writer.member("curve_version", report.curve.version)
        writer.member("curve_samples", report.curve.samples)
        writer.key("minimum")
        if let minimum = report.curve.minimum { write(minimum, &writer) } else { writer.writeNull() }
        writer.key("curve")
        writer.beginArray()
        for point in report.curve.points { write(point, &writer) }
        writer.endArray()
    }

    private static func write(_ point: RidgeCurve.Point, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("ridge", point.ridge)
        writer.member("generalized_cross_validation", point.generalizedCrossValidation)
        writer.member("degrees_of_freedom", point.degreesOfFreedom)
        writer.member("residual_sum_of_squares", point.residualSumOfSquares)
        writer.endObject()
    }
}
