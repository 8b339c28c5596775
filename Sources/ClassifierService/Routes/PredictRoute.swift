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
    private let spare = SpareWorkspaces()

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
            prediction.run(workspace, useBLAS: false)
            workspace.writer.answer(responder)
        case .score(let prediction): deferScoring(prediction, workspace.features, responder.deferred())
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
        /// Do all of it on a compute thread.
        case scan(Scan)
        case refuse(Problem)
    }

    /// What a compute thread has to know of a request whose body it reads.
    private struct Scan {
        let model: Model
        let format: BodyFormat
        /// What the query asks for.
        let wish: WeightsKind?
        let top: Int?
    }

    private func plan(_ request: borrowing Request, _ workspace: PredictWorkspace) throws(Problem) -> Plan {
        let model = try registry.model(of: request)
        let weights = try Self.weights(of: model)
        let format = try BodyFormat.of(request, among: BodyFormat.all)
        let wish = try Self.wish(request)
        let scan = Scan(model: model, format: format, wish: wish, top: try Self.top(request))
        guard request.bodyCount <= limits.inlineBody, !format.isCompressed else { return .scan(scan) }
        let reader = BodyReader(
            format: format, dimension: weights.configuration.dimension, maximumArrayBytes: limits.maximumArrayBytes)
        let (rows, top) = try request.decodeBody { (body) throws(Problem) in try reader.read(body, features: &workspace.features) }
        guard let rows else { return .scan(scan) }
        let prediction = Prediction(model: model.name, weights: weights, rows: rows, top: top ?? scan.top, wish: wish)
        return weights.cost(rows: rows) <= limits.inlineCost ? .answer(prediction) : .score(prediction)
    }

    /// `?weights=plain|balanced`.
    private static func wish(_ request: borrowing Request) throws(Problem) -> WeightsKind? {
        guard request.hasQuery, let text = request.query("weights") else { return nil }
        switch text {
        case "plain": return .plain
        case "balanced": return .balanced
        default: throw Problem(.badRequest, "\"weights\" is \"\(text)\", expected plain or balanced")
        }
    }

    /// `?top=N`, for the formats which hold nothing but rows.
    private static func top(_ request: borrowing Request) throws(Problem) -> Int? {
        guard request.hasQuery, let text = request.query("top") else { return nil }
        guard let top = Int(text), top >= 1 else { throw Problem(.badRequest, "\"top\" is \"\(text)\", expected an integer of at least 1") }
        return top
    }

    private static func weights(of model: Model) throws(Problem) -> PublishedWeights {
        let weights = try model.weights()
        guard weights.classCount > 0 else {
            throw Problem(.conflict, "the model \"\(model.name)\" knows no class yet: it has learned no rows")
        }
        return weights
    }

    /// Scans and scores a large body, or one with numbers beyond Float32, on a compute thread.
    private func deferScanning(_ body: Body, _ scan: Scan, _ responder: DeferredResponder) {
        let limits = limits
        let isQueued = pool.run { [spare] in
            let response = spare.with { workspace in
                body.withUnsafeBytes { bytes -> Response in
                    do throws(Problem) {
                        return try Self.answer(bytes, scan, workspace, limits)
                    } catch { return error.response }
                }
            }
            responder.send(response)
        }
        if !isQueued { responder.send(Problem.busy("the compute threads have too much to do").response) }
    }

    private static func answer(
        _ body: UnsafeRawBufferPointer, _ scan: Scan, _ workspace: PredictWorkspace, _ limits: ServiceLimits
    ) throws(Problem) -> Response {
        let weights = try weights(of: scan.model)
        let reader = BodyReader(
            format: scan.format, dimension: weights.configuration.dimension, maximumArrayBytes: limits.maximumArrayBytes)
        func prediction(_ rows: Int, _ top: Int?) -> Prediction {
            Prediction(model: scan.model.name, weights: weights, rows: rows, top: top ?? scan.top, wish: scan.wish)
        }
        let (rows, top) = try reader.read(body, features: &workspace.features)
        if let rows {
            // Small products are not worth the queue for BLAS's own threads.
            prediction(rows, top).run(workspace, useBLAS: weights.cost(rows: rows) > limits.inlineCost)
        } else {
            var features: [Double] = []
            let (rows, top) = try reader.read(body, features: &features)
            prediction(rows ?? 0, top).run(features, workspace)
        }
        return Response(.ok, contentType: "application/json", bytes: workspace.writer.array)
    }

    private func deferScoring(_ prediction: Prediction, _ features: [Float], _ responder: DeferredResponder) {
        let isQueued = pool.run { [spare] in
            let response = spare.with { workspace in
                workspace.features.append(contentsOf: features)
                prediction.run(workspace, useBLAS: true)
                return Response(.ok, contentType: "application/json", bytes: workspace.writer.array)
            }
            responder.send(response)
        }
        if !isQueued { responder.send(Problem.busy("the compute threads have too much to do").response) }
    }
}

extension JSONWriter {
    /// Answers with what was written; the octets are copied into the connection's buffer.
    func answer(_ responder: consuming Responder) {
        var slot = Optional(responder)
        withUnsafeBytes { slot.take()?.send(.ok, contentType: "application/json", body: $0) }
    }
}
