internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// `POST /v1/models/{model}/predict`: from published weights, never waiting for learning. Small requests are answered on the event loop;
/// larger ones go to a compute thread.
struct PredictRoute: Sendable {
    let registry: ModelRegistry
    let pool: ComputePool
    let limits: ServiceLimits
    /// One for each event loop.
    let workspaces: [PredictWorkspace]
    let spare = SpareWorkspaces()

    init(registry: ModelRegistry, pool: ComputePool, limits: ServiceLimits, eventLoops: Int) {
        self.registry = registry
        self.pool = pool
        self.limits = limits
        workspaces = (0..<eventLoops).map { _ in PredictWorkspace() }
    }

    func add(to routes: inout RouteSet) {
        routes.on(.predict) { request, responder in predict(request, responder) }
    }

    private func predict(_ request: borrowing Request, _ responder: consuming Responder) {
        let workspace = workspaces[request.loopIndex]
        workspace.reset()
        let plan: Plan
        do throws(Problem) { plan = try self.plan(request, workspace) } catch { plan = .refuse(error) }
        switch plan {
        case .answer(let prediction):
            do throws(Problem) { try prediction.run(workspace, useBLAS: false) } catch { return responder.send(error.response) }
            workspace.writer.answer(responder)
        case .score(let prediction): deferScoring(prediction, workspace.features, responder.deferred())
        case .measure(let model, let rows, let options):
            measure(workspace.features, rows: rows, model, options, responder.deferred())
        case .scan(let scan): deferScanning(request.takeBody(), scan, responder.deferred())
        case .refuse(let problem): responder.send(problem.response)
        }
    }

    /// What is to be done with a request.
    private enum Plan {
        /// Score the rows in the workspace here and now.
        case answer(Prediction)
        /// Score the rows in the workspace on a compute thread.
        case score(Prediction)
        /// Have the model's worker measure the leverage of the rows in the workspace, and go on from there.
        case measure(Model, rows: Int, PredictOptions)
        /// Do all of it on a compute thread.
        case scan(Scan)
        case refuse(Problem)
    }

    /// What a compute thread has to know of a request whose body it reads.
    private struct Scan {
        let model: Model
        let format: BodyFormat
        /// What the query asks for.
        let options: PredictOptions
    }

    private func plan(_ request: borrowing Request, _ workspace: PredictWorkspace) throws(Problem) -> Plan {
        let model = try registry.model(of: request)
        let weights = try Self.weights(of: model)
        let format = try BodyFormat.of(request, among: BodyFormat.all)
        var options = try PredictOptions(request)
        let scan = Scan(model: model, format: format, options: options)
        guard request.bodyCount <= limits.inlineBody, !format.isCompressed else { return .scan(scan) }
        let reader = BodyReader(
            format: format, dimension: weights.configuration.dimension, maximumArrayBytes: limits.maximumArrayBytes)
        let (rows, top) = try request.decodeBody { (body) throws(Problem) in try reader.read(body, features: &workspace.features) }
        guard let rows else { return .scan(scan) }
        options.top = top ?? options.top
        if options.leverage { return .measure(model, rows: rows, options) }
        let prediction = prediction(of: model, weights, rows: rows, options)
        return prediction.cost <= limits.inlineCost ? .answer(prediction) : .score(prediction)
    }

    func prediction(
        of model: Model, _ weights: PublishedWeights, rows: Int, _ options: PredictOptions, leverages: [Double]? = nil
    ) -> Prediction {
        Prediction(
            model: model.name, weights: weights, rows: rows, options: options, maximumBytes: limits.maximumAnswerBytes,
            leverages: leverages)
    }

    /// What predictions of a model are made with.
    ///
    /// - Throws: 503 where there is nothing yet, 409 where no class is known.
    static func weights(of model: Model) throws(Problem) -> PublishedWeights {
        let weights = try model.weights()
        guard weights.classCount > 0 else {
            throw Problem(.conflict, "the model \"\(model.name)\" knows no class yet: it has learned no rows")
        }
        return weights
    }

    /// Scans and scores a large body, or one with numbers beyond Float32, on a compute thread.
    private func deferScanning(_ body: Body, _ scan: Scan, _ responder: DeferredResponder) {
        let isQueued = pool.run { [self] in
            let response = spare.with { workspace in
                body.withUnsafeBytes { bytes -> Response? in
                    do throws(Problem) {
                        return try answer(bytes, scan, workspace, responder)
                    } catch { return error.response }
                }
            }
            if let response { responder.send(response) }
        }
        if !isQueued { responder.send(Self.busy.response) }
    }

    /// - Returns: nil where the model's worker has to answer.
    private func answer(
        _ body: UnsafeRawBufferPointer, _ scan: Scan, _ workspace: PredictWorkspace, _ responder: DeferredResponder
    ) throws(Problem) -> Response? {
        let weights = try Self.weights(of: scan.model)
        let reader = BodyReader(
            format: scan.format, dimension: weights.configuration.dimension, maximumArrayBytes: limits.maximumArrayBytes)
        var options = scan.options
        let (rows, top) = try reader.read(body, features: &workspace.features)
        if let rows {
            options.top = top ?? options.top
            if options.leverage {
                measure(workspace.features, rows: rows, scan.model, options, responder)
                return nil
            }
            // Small products are not worth the queue for BLAS's own threads.
            try prediction(of: scan.model, weights, rows: rows, options)
                .run(workspace, useBLAS: weights.cost(rows: rows) > limits.inlineCost, isWanted: { responder.isConnected })
        } else {
            var features: [Double] = []
            let (rows, top) = try reader.read(body, features: &features)
            options.top = top ?? options.top
            if options.leverage {
                measure(features, rows: rows ?? 0, scan.model, options, responder)
                return nil
            }
            try prediction(of: scan.model, weights, rows: rows ?? 0, options)
                .run(features, workspace, isWanted: { responder.isConnected })
        }
        return Response(.ok, contentType: "application/json", bytes: workspace.writer.array)
    }

    private func deferScoring(_ prediction: Prediction, _ features: [Float], _ responder: DeferredResponder) {
        let isQueued = pool.run { [spare, limits] in
            let response = spare.with { workspace -> Response in
                workspace.features.append(contentsOf: features)
                do throws(Problem) {
                    // What is large for its answer alone is not worth the queue for BLAS's own threads.
                    let useBLAS = prediction.weights.cost(rows: prediction.rows) > limits.inlineCost
                    try prediction.run(workspace, useBLAS: useBLAS, isWanted: { responder.isConnected })
                    return Response(.ok, contentType: "application/json", bytes: workspace.writer.array)
                } catch { return error.response }
            }
            responder.send(response)
        }
        if !isQueued { responder.send(Self.busy.response) }
    }

    static var busy: Problem { .busy("the compute threads have too much to do") }
}

extension JSONWriter {
    /// Answers with what was written; the octets are copied into the connection's buffer.
    func answer(_ responder: consuming Responder) {
        var slot = Optional(responder)
        withUnsafeBytes { slot.take()?.send(.ok, contentType: "application/json", body: $0) }
    }
}
