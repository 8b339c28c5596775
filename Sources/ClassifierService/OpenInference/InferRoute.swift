internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// `POST /v2/models/{model}/infer`: predictions as `PredictRoute` makes them. Small requests are answered on the event loop; larger ones
/// go to a compute thread.
struct InferRoute: Sendable {
    let registry: ModelRegistry
    let pool: ComputePool
    let limits: ServiceLimits
    /// One for each event loop.
    let workspaces: [PredictWorkspace]
    private let spare = SpareWorkspaces()

    init(registry: ModelRegistry, pool: ComputePool, limits: ServiceLimits, eventLoops: Int) {
        self.registry = registry
        self.pool = pool
        self.limits = limits
        workspaces = (0..<eventLoops).map { _ in PredictWorkspace() }
    }

    func add(to routes: inout RouteSet) {
        for operation in Operation.infer { routes.on(operation) { request, responder in infer(request, responder) } }
    }

    private func infer(_ request: borrowing Request, _ responder: consuming Responder) {
        var times = InferenceTimes()
        let model: Model
        do throws(Problem) { model = try registry.model(of: request) } catch { return responder.send(error.inferenceResponse) }
        let workspace = workspaces[request.loopIndex]
        workspace.reset()
        let plan: Plan
        do throws(Problem) { plan = try self.plan(request, model, workspace) } catch { plan = .refuse(error) }
        switch plan {
        case .answer(let inference):
            times.hasRead()
            do throws(Problem) {
                try inference.run(workspace, useBLAS: false)
                times.hasScored()
                let headerCount = inference.write(workspace)
                times.hasWritten()
                Inference.answer(workspace, headerCount: headerCount, responder)
                model.inferences.add(times, rows: workspace.inference.request.rows)
            } catch { refuse(error, times, model, responder) }
        case .score(let inference):
            times.hasRead()
            deferScoring(inference, workspace, times, model, responder.deferred())
        case .scan(let scan): deferScanning(request.takeBody(), scan, times, model, responder.deferred())
        case .refuse(let problem): refuse(problem, times, model, responder)
        }
    }

    /// What is to be done with a request.
    private enum Plan {
        /// Score the rows in the workspace here and now.
        case answer(Inference)
        /// Score the rows in the workspace on a compute thread.
        case score(Inference)
        /// Do all of it on a compute thread.
        case scan(Scan)
        case refuse(Problem)
    }

    /// What a compute thread has to know of a request whose body it reads.
    private struct Scan {
        let inference: Inference
        let envelope: InferenceEnvelope
    }

    private func plan(_ request: borrowing Request, _ model: Model, _ workspace: PredictWorkspace) throws(Problem) -> Plan {
        let weights = try PredictRoute.weights(of: model)
        try OpenInference.checkVersion(request, model, weights)
        let envelope = try InferenceEnvelope(request)
        let inference = Inference(model: model.name, weights: weights, wish: envelope.wish, maximumBytes: limits.maximumArrayBytes)
        let scan = Scan(inference: inference, envelope: envelope)
        guard request.bodyCount <= limits.inlineBody else { return .scan(scan) }
        let isRead = try request.decodeBody { (body) throws(Problem) -> Bool in
            guard let coding = envelope.coding else { return try Self.read(body, scan, workspace, values: &workspace.features) }
            let content: InflatedBytes
            do throws(ContentCodingError) {
                content = try coding.decompress(body, limit: limits.inlineBody)
            } catch {
                if case .tooLarge = error.kind { return false }
                throw Problem(.badRequest, error.description)
            }
            return try content.withUnsafeBytes { (bytes) throws(Problem) in
                try Self.read(bytes, scan, workspace, values: &workspace.features)
            }
        }
        guard isRead else { return .scan(scan) }
        return weights.cost(rows: workspace.inference.request.rows) <= limits.inlineCost ? .answer(inference) : .score(inference)
    }

    /// Reads a body that is not compressed any more.
    ///
    /// - Returns: false where a value is beyond `Scalar`.
    /// - Throws: 400.
    private static func read<Scalar: FeatureScalar>(
        _ body: UnsafeRawBufferPointer, _ scan: Scan, _ workspace: PredictWorkspace, values: inout [Scalar]
    ) throws(Problem) -> Bool {
        do throws(InferenceError) {
            let reader = try InferenceRequestReader(
                OpenInference.signature, columns: scan.inference.weights.configuration.dimension, body: body,
                headerCount: scan.envelope.headerCount)
            return try reader.read(into: &workspace.inference.request, values: &values)
        } catch { throw Problem(.badRequest, error.description) }
    }

    // MARK: Compute threads

    /// Reads and scores a large body, or one with numbers beyond Float32.
    private func deferScanning(_ body: Body, _ scan: Scan, _ times: InferenceTimes, _ model: Model, _ responder: DeferredResponder) {
        let limits = limits
        let isQueued = pool.run { [spare] in
            var times = times
            times.hasWaited()
            let response = spare.with { workspace in
                body.withUnsafeBytes { bytes -> Response in
                    do throws(Problem) {
                        return try Self.answer(bytes, scan, workspace, limits, &times, model)
                    } catch {
                        model.inferences.addFailure(times)
                        return error.inferenceResponse
                    }
                }
            }
            responder.send(response)
        }
        if !isQueued { refuseBusy(times, model, responder) }
    }

    private static func answer(
        _ body: UnsafeRawBufferPointer, _ scan: Scan, _ workspace: PredictWorkspace, _ limits: ServiceLimits, _ times: inout InferenceTimes,
        _ model: Model
    ) throws(Problem) -> Response {
        guard let coding = scan.envelope.coding else { return try answer(plain: body, scan, workspace, limits, &times, model) }
        let content: InflatedBytes
        do throws(ContentCodingError) {
            content = try coding.decompress(body, limit: limits.maximumArrayBytes)
        } catch {
            if case .tooLarge = error.kind { throw Problem(.contentTooLarge, error.description) }
            throw Problem(.badRequest, error.description)
        }
        return try content.withUnsafeBytes { (bytes) throws(Problem) in
            try answer(plain: bytes, scan, workspace, limits, &times, model)
        }
    }

    private static func answer(
        plain body: UnsafeRawBufferPointer, _ scan: Scan, _ workspace: PredictWorkspace, _ limits: ServiceLimits,
        _ times: inout InferenceTimes, _ model: Model
    ) throws(Problem) -> Response {
        if try read(body, scan, workspace, values: &workspace.features) {
            times.hasRead()
            // Small products are not worth the queue for BLAS's own threads.
            let cost = scan.inference.weights.cost(rows: workspace.inference.request.rows)
            try scan.inference.run(workspace, useBLAS: cost > limits.inlineCost)
        } else {
            var features: [Double] = []
            _ = try read(body, scan, workspace, values: &features)
            times.hasRead()
            try scan.inference.run(features, workspace)
        }
        return finish(scan.inference, workspace, &times, model)
    }

    private func deferScoring(
        _ inference: Inference, _ source: PredictWorkspace, _ times: InferenceTimes, _ model: Model, _ responder: DeferredResponder
    ) {
        let (features, request) = (source.features, source.inference.request)
        let isQueued = pool.run { [spare] in
            var times = times
            times.hasWaited()
            let response = spare.with { workspace -> Response in
                workspace.features.append(contentsOf: features)
                workspace.inference.request = request
                do throws(Problem) {
                    try inference.run(workspace, useBLAS: true)
                    return Self.finish(inference, workspace, &times, model)
                } catch {
                    model.inferences.addFailure(times)
                    return error.inferenceResponse
                }
            }
            responder.send(response)
        }
        if !isQueued { refuseBusy(times, model, responder) }
    }

    private static func finish(
        _ inference: Inference, _ workspace: PredictWorkspace, _ times: inout InferenceTimes, _ model: Model
    ) -> Response {
        times.hasScored()
        let headerCount = inference.write(workspace)
        times.hasWritten()
        model.inferences.add(times, rows: workspace.inference.request.rows)
        return Inference.response(workspace, headerCount: headerCount)
    }

    // MARK: Refusals

    private func refuse(_ problem: Problem, _ times: InferenceTimes, _ model: Model, _ responder: consuming Responder) {
        model.inferences.addFailure(times)
        responder.send(problem.inferenceResponse)
    }

    private func refuseBusy(_ times: InferenceTimes, _ model: Model, _ responder: DeferredResponder) {
        model.inferences.addFailure(times)
        responder.send(Problem.busy("the compute threads have too much to do").inferenceResponse)
    }
}
