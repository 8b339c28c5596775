internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

extension PredictRoute {
    /// Sends rows to the model's worker, which alone has R, to have their leverage measured; scores them then on a compute thread, by the
    /// weights of the same state.
    func measure<Scalar: FeatureScalar>(
        _ features: [Scalar], rows: Int, _ model: Model, _ options: PredictOptions, _ responder: DeferredResponder
    ) {
        guard rows <= limits.blockRows else {
            let problem = Problem(
                .badRequest, "the body has \(rows) rows, expected at most \(limits.blockRows) where leverage is asked for")
            return responder.send(problem.response)
        }
        let values = features.map(Double.init)
        let job = LeverageJob(features: values, dimension: values.count / max(rows, 1), responder: responder) { weights, leverages in
            let isQueued = pool.run {
                let response = spare.with { workspace -> Response in
                    let prediction = prediction(of: model, weights, rows: rows, options, leverages: leverages)
                    do throws(Problem) {
                        if Scalar.self == Float.self {
                            // The same bits, scored the same way, as without leverage.
                            for value in values { workspace.features.append(Float(value)) }
                            try prediction.run(workspace, useBLAS: weights.cost(rows: rows) > limits.inlineCost)
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
        do throws(Problem) { try model.enqueue(leverage: job) } catch { responder.send(error.response) }
    }
}
