internal import AnalyticLearning
internal import Concurrency
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// `POST /v1/models/{model}/predict`: from published weights, never waiting for learning. Event loops answer small requests, compute
/// threads larger ones.
struct PredictRoute: Sendable {
    let registry: ModelRegistry
    let pool: ComputePool
    let limits: ServiceLimits
    /// One per event loop.
    let workspaces: [PredictWorkspace]
    let spare = SpareWorkspaces<PredictWorkspace>()

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
            var inline = prediction
            inline.maximumBytes = min(prediction.maximumBytes, limits.inlineAnswer)
            do throws(Problem) { try inline.run(workspace, BlockScorer(inline.scorer, useBLAS: false)) } catch {
                // The answer is too long for the event loop because of long labels.
                return deferScoring(prediction, workspace.features, responder.deferred())
            }
            workspace.writer.answer(responder)
        case .score(let prediction): deferScoring(prediction, workspace.features, responder.deferred())
        case .measure(let model, let rows, let options):
            measure(workspace.features, rows: rows, model, options, responder.deferred())
        case .scan(let scan): deferScanning(request.takeBody(), scan, responder.deferred())
        case .refuse(let problem): responder.send(problem.response)
        }
    }

    /// How to handle a request.
    private enum Plan {
        /// Score the rows in the workspace on this thread.
        case answer(Prediction)
        /// Score the rows in the workspace on a compute thread.
        case score(Prediction)
        /// Measure the leverage of the rows in the workspace on the model's worker, then continue.
        case measure(Model, rows: Int, PredictOptions)
        /// Read and score on a compute thread.
        case scan(Scan)
        case refuse(Problem)
    }

    /// What a compute thread needs to read a request's body.
    private struct Scan {
        let model: Model
        let format: BodyFormat
        /// The options in the query.
        let options: PredictOptions
    }

    private func plan(_ request: borrowing Request, _ workspace: PredictWorkspace) throws(Problem) -> Plan {
        let model = try registry.model(of: request)
        let weights = try model.scoringWeights()
        let format = try BodyFormat.of(request, among: BodyFormat.all)
        var options = try PredictOptions(request)
        let scan = Scan(model: model, format: format, options: options)
        guard request.bodyCount <= limits.inlineBody, !format.isCompressed, !weights.needsDouble else { return .scan(scan) }
        let reader = BodyReader(
            format: format, dimension: weights.configuration.dimension, maximumArrayBytes: limits.maximumArrayBytes)
        let (rows, top) = try request.decodeBody { (body) throws(Problem) in try reader.read(body, features: &workspace.features) }
        guard let rows else { return .scan(scan) }
        options.top = top ?? options.top
        if options.leverage { return .measure(model, rows: rows, options) }
        let prediction = try prediction(of: model, weights, rows: rows, options)
        return prediction.cost <= limits.inlineCost ? .answer(prediction) : .score(prediction)
    }

    /// - Throws: 409 if no class is known.
    func prediction(
        of model: Model, _ weights: PublishedWeights, rows: Int, _ options: PredictOptions, leverages: [Double]? = nil
    ) throws(Problem) -> Prediction {
        Prediction(
            model: model.name, scorer: try weights.scorer(options.weights, of: model.name), rows: rows, options: options,
            maximumBytes: limits.maximumAnswerBytes,
            leverages: leverages)
    }

    /// Reads and scores a large body, or one with values that do not fit Float32, on a compute thread.
    private func deferScanning(_ body: Body, _ scan: Scan, _ responder: DeferredResponder) {
        let isQueued = pool.run(.reading) { [self] in
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

    /// - Returns: nil if the model's worker must answer.
    private func answer(
        _ body: UnsafeRawBufferPointer, _ scan: Scan, _ workspace: PredictWorkspace, _ responder: DeferredResponder
    ) throws(Problem) -> Response? {
        let weights = try scan.model.scoringWeights()
        let reader = BodyReader(
            format: scan.format, dimension: weights.configuration.dimension, maximumArrayBytes: limits.maximumArrayBytes)
        var options = scan.options
        let (rows, top) = weights.needsDouble ? (nil, nil) : try reader.read(body, features: &workspace.features)
        if let rows {
            options.top = top ?? options.top
            if options.leverage {
                measure(workspace.features, rows: rows, scan.model, options, responder)
                return nil
            }
            let prediction = try prediction(of: scan.model, weights, rows: rows, options)
            let blocks = BlockScorer(prediction.scorer, rows: rows, limits: limits)
            try prediction.run(workspace, blocks, isWanted: { responder.isConnected })
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
        let isQueued = pool.run(.reading, bytes: features.count * MemoryLayout<Float>.stride) { [spare, limits] in
            let response = spare.with { workspace -> Response in
                workspace.features.append(contentsOf: features)
                do throws(Problem) {
                    let blocks = BlockScorer(prediction.scorer, rows: prediction.rows, limits: limits)
                    try prediction.run(workspace, blocks, isWanted: { responder.isConnected })
                    return Response(.ok, contentType: "application/json", bytes: workspace.writer.array)
                } catch { return error.response }
            }
            responder.send(response)
        }
        if !isQueued { responder.send(Self.busy.response) }
    }

    static var busy: Problem { .busy("the compute threads are overloaded") }
}

extension JSONWriter {
    /// Sends the written answer; the octets are copied into the connection's buffer.
    func answer(_ responder: consuming Responder) {
        var slot = Optional(responder)
        withUnsafeBytes { slot.take()?.send(.ok, contentType: "application/json", body: $0) }
    }
}
