internal import AnalyticLearning
internal import Concurrency
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

extension PredictRoute {
    /// Measures the rows' leverage on the model's worker, which owns R, then scores them on a compute thread, with the weights of the same
    /// state.
    func measure<Scalar: FeatureScalar>(
        _ features: [Scalar], rows: Int, _ model: Model, _ options: PredictOptions, _ responder: DeferredResponder
    ) {
        guard rows <= limits.blockRows else {
            let problem = Problem(
                .badRequest, "the body has \(rows) rows, expected at most \(limits.blockRows) with leverage")
            return responder.send(problem.response)
        }
        let values = features.map(Double.init)
        let completion = Completion<Leverages>(responder) { measured in
            let weights = measured.weights
            let isQueued = pool.run(.reading, bytes: values.count * MemoryLayout<Double>.stride) {
                let response = spare.with { workspace -> Response in
                    do throws(Problem) {
                        let prediction = try prediction(of: model, weights, rows: rows, options, leverages: measured.values)
                        if Scalar.self == Float.self, !weights.needsDouble {
                            // The same bits, scored as without leverage.
                            for value in values { workspace.features.append(Float(value)) }
                            try prediction.run(workspace, BlockScorer(prediction.scorer, rows: rows, limits: limits))
                        } else {
                            try prediction.run(values, workspace)
                        }
                        return Response(.ok, contentType: "application/json", bytes: workspace.writer.array)
                    } catch { return error.response }
                }
                responder.send(response)
            }
            if !isQueued { responder.send(Self.busy.response) }
        }
        let job = LeverageJob(features: values, dimension: values.count / max(rows, 1), completion)
        do throws(Problem) { try model.submit(.measure(job)) } catch { responder.send(error.response) }
    }
}
