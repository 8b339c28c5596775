internal import AnalyticLearning
internal import Concurrency
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// `POST /v2/models/{model}/infer`: predictions as in `PredictRoute`. Event loops answer small requests, compute threads larger ones.
struct InferRoute: Sendable {
    let registry: ModelRegistry
    let pool: ComputePool
    let limits: ServiceLimits
    /// One per event loop.
    let workspaces: [InferenceWorkspace]
    private let spare = SpareWorkspaces<InferenceWorkspace>()
    /// What arrived in the current turn; one per event loop.
    private let turns: [TurnGroups<Joined>]
    private let waiting = WaitingPredictions<Waiting>()

    init(registry: ModelRegistry, pool: ComputePool, limits: ServiceLimits, eventLoops: Int) {
        self.registry = registry
        self.pool = pool
        self.limits = limits
        workspaces = (0..<eventLoops).map { _ in InferenceWorkspace() }
        turns = workspaces.map { _ in TurnGroups() }
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
                let scorer = try inference.scorer(workspace)
                let (turn, rows) = (turns[request.loopIndex], workspace.inference.request.rows)
                if request.mayJoinTurn, turn.mayJoin(scorer, rows: rows, values: workspace.features.count) {
                    let joined = Joined(
                        inference: inference, request: workspace.takeRequest(), times: times, model: model,
                        responder: responder.untilTurnEnds())
                    return turn.join(joined, scorer, rows: rows, workspace.features)
                }
                do throws(Problem) {
                    try inline(inference).run(workspace, scorer, BlockScorer(scorer, useBLAS: false))
                } catch {
                    guard error.status == .unprocessableContent else { throw error }
                    // The answer is too long for the event loop because of long labels.
                    return deferScoring(inference, workspace, times, model, responder.deferred())
                }
                times.hasScored()
                let headerCount = inference.write(workspace, scorer)
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

    /// The inference with an event loop's limit on its answer.
    private func inline(_ inference: Inference) -> Inference {
        var inline = inference
        inline.maximumBytes = min(inference.maximumBytes, limits.inlineAnswer)
        inline.textWeight = 6
        return inline
    }

    /// How to handle a request.
    private enum Plan {
        /// Score the rows in the workspace on this thread.
        case answer(Inference)
        /// Score the rows in the workspace on a compute thread.
        case score(Inference)
        /// Read and score on a compute thread.
        case scan(Scan)
        case refuse(Problem)
    }

    /// What a compute thread needs to read a request's body.
    private struct Scan {
        let inference: Inference
        let envelope: InferenceEnvelope
    }

    private func plan(_ request: borrowing Request, _ model: Model, _ workspace: InferenceWorkspace) throws(Problem) -> Plan {
        let weights = try model.scoringWeights()
        try OpenInference.checkVersion(request, model, weights)
        let envelope = try InferenceEnvelope(request)
        let inference = Inference(
            model: model.name, weights: weights, wish: envelope.wish, balanceWish: envelope.balance,
            rejected: model.rejectedRows, maximumBytes: limits.maximumArrayBytes)
        let scan = Scan(inference: inference, envelope: envelope)
        guard request.bodyCount <= limits.inlineBody, !weights.needsDouble else { return .scan(scan) }
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
        guard isRead, BalanceWish.isInline(inference.balanceWish(of: workspace.inference.request), weights) else { return .scan(scan) }
        return inference.cost(of: workspace.inference.request) <= limits.inlineCost ? .answer(inference) : .score(inference)
    }

    /// Reads a decompressed body.
    ///
    /// - Returns: false if a value does not fit `Scalar`.
    /// - Throws: 400.
    private static func read<Scalar: FeatureScalar>(
        _ body: UnsafeRawBufferPointer, _ scan: Scan, _ workspace: InferenceWorkspace, values: inout [Scalar]
    ) throws(Problem) -> Bool {
        do throws(InferenceError) {
            let reader = try InferenceRequestReader(
                OpenInference.signature, columns: scan.inference.weights.configuration.dimension, body: body,
                headerCount: scan.envelope.headerCount)
            return try reader.read(into: &workspace.inference.request, values: &values)
        } catch { throw Problem(.badRequest, error.description) }
    }

    // MARK: Turns

    /// An inference that waits for the end of the turn.
    private struct Joined {
        let inference: Inference
        let request: InferenceRequest
        var times: InferenceTimes
        let model: Model
        let responder: TurnResponder
    }

    /// Answers some of the inferences that wait for the end of an event loop's turn; false if none waits.
    func endTurn(_ loopIndex: Int) -> Bool {
        let workspace = workspaces[loopIndex]
        return turns[loopIndex].scoreFirst(in: workspace, note: { $1 ? $0.times.hasScored() : $0.times.hasWaited() }) {
            joined, rows, blocks in
            workspace.resetInference()
            workspace.put(joined.request)
            answer(joined, workspace, blocks, rows)
        }
    }

    private func answer(_ joined: Joined, _ workspace: InferenceWorkspace, _ blocks: BlockScorer, _ rows: Range<Int>) {
        let scorer = blocks.scorer
        var times = joined.times
        times.hasWaited()
        do throws(Problem) {
            try inline(joined.inference).run(workspace, scorer, blocks, scored: rows)
        } catch {
            guard error.status == .unprocessableContent else {
                joined.model.inferences.addFailure(times)
                return joined.responder.send(error.inferenceResponse)
            }
            // The answer is too long for the event loop because of long labels.
            let member = Waiting(
                inference: joined.inference, request: workspace.inference.request, times: times, model: joined.model,
                responder: joined.responder.deferred())
            return deferScoring(member, workspace.features(rows, of: scorer))
        }
        times.hasScored()
        let headerCount = joined.inference.write(workspace, scorer)
        times.hasWritten()
        Inference.answer(workspace, headerCount: headerCount, joined.responder)
        joined.model.inferences.add(times, rows: workspace.inference.request.rows)
    }

    // MARK: Compute threads

    /// Reads and scores a large body, or one with values that do not fit Float32.
    private func deferScanning(_ body: Body, _ scan: Scan, _ times: InferenceTimes, _ model: Model, _ responder: DeferredResponder) {
        let limits = limits
        let isQueued = pool.run(.reading) { [spare] in
            var times = times
            times.hasWaited()
            let response = spare.with { workspace in
                body.withUnsafeBytes { bytes -> Response in
                    do throws(Problem) {
                        return try Self.answer(bytes, scan, workspace, limits, &times, model) { responder.isConnected }
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
        _ body: UnsafeRawBufferPointer, _ scan: Scan, _ workspace: InferenceWorkspace, _ limits: ServiceLimits,
        _ times: inout InferenceTimes, _ model: Model, isWanted: () -> Bool
    ) throws(Problem) -> Response {
        guard let coding = scan.envelope.coding else {
            return try answer(plain: body, scan, workspace, limits, &times, model, isWanted: isWanted)
        }
        let content: InflatedBytes
        do throws(ContentCodingError) {
            content = try coding.decompress(body, limit: limits.maximumArrayBytes)
        } catch {
            if case .tooLarge = error.kind { throw Problem(.contentTooLarge, error.description) }
            throw Problem(.badRequest, error.description)
        }
        return try content.withUnsafeBytes { (bytes) throws(Problem) in
            try answer(plain: bytes, scan, workspace, limits, &times, model, isWanted: isWanted)
        }
    }

    private static func answer(
        plain body: UnsafeRawBufferPointer, _ scan: Scan, _ workspace: InferenceWorkspace, _ limits: ServiceLimits,
        _ times: inout InferenceTimes, _ model: Model, isWanted: () -> Bool
    ) throws(Problem) -> Response {
        let scorer: Scorer
        let isRead = scan.inference.weights.needsDouble ? false : try read(body, scan, workspace, values: &workspace.features)
        if isRead {
            times.hasRead()
            scorer = try scan.inference.run(workspace, limits, isWanted: isWanted)
        } else {
            var features: [Double] = []
            _ = try read(body, scan, workspace, values: &features)
            times.hasRead()
            scorer = try scan.inference.run(features, workspace, isWanted: isWanted)
        }
        return finish(scan.inference, workspace, scorer, &times, model)
    }

    private func deferScoring(
        _ inference: Inference, _ source: InferenceWorkspace, _ times: InferenceTimes, _ model: Model, _ responder: DeferredResponder
    ) {
        let member = Waiting(
            inference: inference, request: source.inference.request, times: times, model: model, responder: responder)
        deferScoring(member, source.features)
    }

    private func deferScoring(_ member: Waiting, _ features: [Float]) {
        let bytes = features.count * MemoryLayout<Float>.stride
        let isQueued: Bool
        // Without a class there is no scorer; the thread that comes to it says so.
        if member.request.rows <= TurnLimits.rows, let scorer = member.scorer {
            let number = waiting.add(member, scorer, rows: member.request.rows, features)
            isQueued = pool.run(.reading, bytes: bytes) { [self] in answer(waiting.take(number)) } || !waiting.withdraw(number)
        } else {
            isQueued = pool.run(.reading, bytes: bytes) { [spare, limits] in
                spare.with { workspace in
                    workspace.features.append(contentsOf: features)
                    workspace.inference.request = member.request
                    member.answer(workspace) { (workspace) throws(Problem) in
                        try member.inference.run(workspace, limits) { member.responder.isConnected }
                    }
                }
            }
        }
        if !isQueued { refuseBusy(member.times, member.model, member.responder) }
    }

    /// An inference that waits for a compute thread.
    private struct Waiting: Sendable {
        let inference: Inference
        let request: InferenceRequest
        let times: InferenceTimes
        let model: Model
        let responder: DeferredResponder

        /// The scorer that the request chooses; nil if no class is known.
        var scorer: Scorer? { inference.weights.scorer(inference.choice(of: request)) }

        /// Writes and sends the answer.
        ///
        /// - Parameter score: scores the rows in the workspace and collects the values.
        func answer(_ workspace: InferenceWorkspace, _ score: (InferenceWorkspace) throws(Problem) -> Scorer) {
            var times = times
            times.hasWaited()
            do throws(Problem) {
                let scorer = try score(workspace)
                responder.send(InferRoute.finish(inference, workspace, scorer, &times, model))
            } catch {
                model.inferences.addFailure(times)
                responder.send(error.inferenceResponse)
            }
        }
    }

    /// Scores inferences of the same weights with one product, and answers them.
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
                workspace.resetInference()
                workspace.inference.request = entry.member.request
                entry.member.answer(workspace) { (workspace) throws(Problem) in
                    try entry.member.inference.run(workspace, scorer, blocks, scored: first..<(first + entry.rows))
                    return scorer
                }
                first += entry.rows
            }
        }
    }

    private static func finish(
        _ inference: Inference, _ workspace: InferenceWorkspace, _ scorer: Scorer, _ times: inout InferenceTimes, _ model: Model
    ) -> Response {
        times.hasScored()
        let headerCount = inference.write(workspace, scorer)
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
        responder.send(Problem.busy("the compute threads are overloaded").inferenceResponse)
    }
}
