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
    /// What arrived in the current turn; one per event loop.
    private let turns: [TurnGroups<Joined>]
    private let waiting = WaitingPredictions<Waiting>()

    init(registry: ModelRegistry, pool: ComputePool, limits: ServiceLimits, eventLoops: Int) {
        self.registry = registry
        self.pool = pool
        self.limits = limits
        workspaces = (0..<eventLoops).map { _ in PredictWorkspace() }
        turns = workspaces.map { _ in TurnGroups() }
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
            let (turn, features) = (turns[request.loopIndex], workspace.features)
            if request.mayJoinTurn, turn.mayJoin(prediction.scorer, rows: prediction.rows, values: features.count) {
                let joined = Joined(prediction: prediction, responder: responder.untilTurnEnds())
                return turn.join(joined, prediction.scorer, rows: prediction.rows, features)
            }
            do throws(Problem) {
                try inline(prediction).run(workspace, BlockScorer(prediction.scorer, useBLAS: false))
            } catch {
                // The answer is too long for the event loop because of long labels.
                return deferScoring(prediction, features, responder.deferred())
            }
            workspace.writer.answer(responder)
        case .score(let prediction): deferScoring(prediction, workspace.features, responder.deferred())
        case .measure(let model, let rows, let options):
            measure(workspace.features, rows: rows, model, options, responder.deferred())
        case .scan(let scan): deferScanning(request.takeBody(), scan, responder.deferred())
        case .refuse(let problem): responder.send(problem.response)
        }
    }

    /// The prediction with an event loop's limit on its answer.
    private func inline(_ prediction: Prediction) -> Prediction {
        var inline = prediction
        inline.maximumBytes = min(prediction.maximumBytes, limits.inlineAnswer)
        return inline
    }

    // MARK: Turns

    /// A prediction that waits for the end of the turn.
    private struct Joined {
        let prediction: Prediction
        let responder: TurnResponder
    }

    /// Answers some of the predictions that wait for the end of an event loop's turn; false if none waits.
    func endTurn(_ loopIndex: Int) -> Bool {
        let workspace = workspaces[loopIndex]
        return turns[loopIndex].scoreFirst(in: workspace) { joined, rows, blocks in
            workspace.writer.removeAll()
            do throws(Problem) {
                try inline(joined.prediction).run(workspace, blocks, scored: rows)
                workspace.writer.withUnsafeBytes { joined.responder.send(.ok, contentType: "application/json", body: $0) }
            } catch {
                // The answer is too long for the event loop because of long labels.
                deferScoring(joined.prediction, workspace.features(rows, of: blocks.scorer), joined.responder.deferred())
            }
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
        let (rows, extra) = try request.decodeBody { (body) throws(Problem) in try reader.read(body, features: &workspace.features) }
        guard let rows else { return .scan(scan) }
        try options.add(extra)
        guard BalanceWish.isInline(options.balance, weights) else { return .scan(scan) }
        if options.leverage { return .measure(model, rows: rows, options) }
        let prediction = try prediction(of: model, weights, rows: rows, options)
        return prediction.cost <= limits.inlineCost ? .answer(prediction) : .score(prediction)
    }

    /// - Throws: 409 if no class is known, there are no weights as requested, or rejection or sets are not available yet; 400 if a prior
    ///   names an unknown class.
    func prediction(
        of model: Model, _ weights: PublishedWeights, rows: Int, _ options: PredictOptions, leverages: [Double]? = nil
    ) throws(Problem) -> Prediction {
        let scorer = try weights.scorer(options.weights, of: model.name)
        if options.hasExtras { try options.checkExtras(scorer, of: model.name) }
        return Prediction(
            model: model.name, scorer: scorer, rows: rows, options: options,
            balance: try AppliedBalance(options.balance, scorer, of: model.name), maximumBytes: limits.maximumAnswerBytes,
            rejected: model.rejectedRows, leverages: leverages)
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
        let (rows, extra) = weights.needsDouble ? (nil, BodyOptions()) : try reader.read(body, features: &workspace.features)
        if let rows {
            try options.add(extra)
            if options.leverage {
                measure(workspace.features, rows: rows, scan.model, options, responder)
                return nil
            }
            let prediction = try prediction(of: scan.model, weights, rows: rows, options)
            let blocks = BlockScorer(prediction.scorer, rows: rows, limits: limits)
            try prediction.run(workspace, blocks, isWanted: { responder.isConnected })
        } else {
            var features: [Double] = []
            let (rows, extra) = try reader.read(body, features: &features)
            try options.add(extra)
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
        let bytes = features.count * MemoryLayout<Float>.stride
        if prediction.rows <= TurnLimits.rows {
            let member = Waiting(prediction: prediction, responder: responder)
            let number = waiting.add(member, prediction.scorer, rows: prediction.rows, features)
            let isQueued = pool.run(.reading, bytes: bytes) { [self] in answer(waiting.take(number)) }
            if !isQueued, waiting.withdraw(number) { responder.send(Self.busy.response) }
            return
        }
        let isQueued = pool.run(.reading, bytes: bytes) { [spare, limits] in
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

    /// A small prediction that waits for a compute thread.
    private struct Waiting: Sendable {
        let prediction: Prediction
        let responder: DeferredResponder
    }

    /// Scores predictions of the same weights with one product, and answers them.
    private func answer(_ entries: [WaitingPredictions<Waiting>.Entry]) {
        let entries = entries.filter(\.member.responder.isConnected)
        guard let scorer = entries.first?.scorer else { return }
        spare.with { workspace in
            for entry in entries { workspace.features.append(contentsOf: entry.features) }
            let rows = entries.reduce(0) { $0 + $1.rows }
            let blocks = BlockScorer(scorer, rows: rows, limits: limits)
            blocks.score(0..<rows, workspace)
            var first = 0
            for entry in entries {
                let member = entry.member
                workspace.writer.removeAll()
                do throws(Problem) {
                    try member.prediction.run(workspace, blocks, scored: first..<(first + entry.rows))
                    member.responder.send(Response(.ok, contentType: "application/json", bytes: workspace.writer.array))
                } catch { member.responder.send(error.response) }
                first += entry.rows
            }
        }
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
