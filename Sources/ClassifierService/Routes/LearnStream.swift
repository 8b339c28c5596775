internal import AnalyticLearning
internal import Concurrency
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// Learns NDJSON while it arrives, in constant memory.
///
/// A piece of the body is read by a compute thread, while the connection waits; full blocks of rows go to the model's worker. One block
/// is with the worker at a time, so that what has been learned is always the beginning of the body; meanwhile the next is read, and
/// then the connection waits again. Whatever ends the request early, the answer comes when the worker has finished, and says how many
/// rows it has learned.
///
/// Where a line is refused, all lines before it are learned. Under a key only the whole blocks among them are: what has been learned under
/// a key is known again by its blocks, and the body with that line mended has the same blocks up to there, but another one behind them.
final class LearnStream: BodyConsumer {
    private let model: Model
    private let pool: ComputePool
    private let responder: DeferredResponder
    private let dimension: Int
    private let blockRows: Int
    private let key: IdempotencyKey?
    private let onEnd: @Sendable () -> Void
    private let state = Guarded(State())
    /// Used by one task at a time: the next piece comes only when the last has been read.
    private let reader: Guarded<Reader>

    private struct Reader {
        var lines: LineReader
        var block = LearnBlock(number: 0)
        /// A full block of a request with a key, until it is known whether it is the last: that is part of what it is remembered by.
        var full: LearnBlock?
    }

    private struct State {
        /// A compute thread is reading.
        var isReading = false
        /// All octets have come.
        var isWhole = false
        /// All rows have been read, or all before a line that is refused.
        var isRead = false
        /// Why reading ended at a line; those before it are learned first.
        var refusal: Problem?
        /// The worker has a block.
        var isLearning = false
        /// Blocks which wait for the worker.
        var ready: [LearnBlock] = []
        /// To go on with when there is room for the next piece.
        var flow: BodyFlow?
        /// Why no more is learned.
        var failure: Problem?
        var isAnswered = false
        var total = LearnTotal()
        /// When the last block was whole; before that, when the stream began.
        var progressedAt = MonotonicClock.now

        /// Nothing is to be done until the client sends more.
        var waitsForClient: Bool { !isReading && !isLearning && !isWhole && !isRead && !isAnswered && ready.isEmpty && failure == nil }
    }

    /// What is to be done once the lock is free.
    private enum Action {
        case nothing
        case resume(BodyFlow)
        /// And, where there is a flow, go on reading meanwhile.
        case learn(LearnBlock, BodyFlow?)
        case answer(Response)
        case tell(LearnAnswer)
        case readEnd
    }

    /// - Parameter onEnd: called once, when nothing more will be done.
    init(
        model: Model, pool: ComputePool, responder: DeferredResponder, blockRows: Int, key: IdempotencyKey? = nil,
        onEnd: @escaping @Sendable () -> Void
    ) {
        self.model = model
        self.pool = pool
        self.responder = responder
        dimension = model.configuration.dimension
        self.blockRows = LearnBlock.rows(dimension: dimension, limit: blockRows)
        self.key = key
        self.onEnd = onEnd
        reader = Guarded(Reader(lines: LineReader(dimension: dimension, isStreamed: true)))
    }

    deinit { onEnd() }

    // MARK: The connection's side

    func receive(_ bytes: UnsafeRawBufferPointer, flow: BodyFlow) -> BodyDemand {
        let isWanted = state.withLock { state in
            guard state.failure == nil, !state.isRead else { return false }
            state.isReading = true
            return true
        }
        // The answer will say why nothing more is taken.
        guard isWanted else { return .pause }
        let piece = [UInt8](bytes)
        if !pool.run(.writing, bytes: piece.count, { [self] in read(piece, flow) }) {
            endReading(.busy("the compute threads are overloaded"))
        }
        return .pause
    }

    func finish() {
        perform(
            state.withLock { state -> Action in
                state.isWhole = true
                state.flow = nil
                guard !state.isReading, !state.isRead, state.failure == nil else { return .nothing }
                state.isReading = true
                return .readEnd
            })
    }

    func fail(_ status: Status, detail: String) -> Bool {
        stop(Problem(status, detail))
        return true
    }

    func abort() {
        stop(Problem(.badRequest, "the client disconnected"))
    }

    // MARK: The compute threads' side

    private func read(_ piece: [UInt8], _ flow: BodyFlow) {
        do throws(Problem) {
            try reader.withLock { (reader) throws(Problem) in
                piece.withUnsafeBytes { reader.lines.append($0) }
                try readLines(&reader)
            }
        } catch { return endReading(at: error) }
        let action = state.withLock { state -> Action in
            guard state.failure == nil else { return Self.conclude(&state, reading: false) }
            if state.isWhole { return .readEnd }
            state.isReading = false
            guard state.ready.isEmpty else {
                state.flow = flow
                return .nothing
            }
            return .resume(flow)
        }
        perform(action)
    }

    private func readEnd() {
        do throws(Problem) {
            try reader.withLock { (reader) throws(Problem) in
                reader.lines.finish()
                try readLines(&reader)
                if let full = reader.full.take() { submit(full, isLast: reader.block.labels.isEmpty) }
                if !reader.block.labels.isEmpty { close(&reader, isLast: true) }
            }
        } catch { return endReading(at: error) }
        perform(
            state.withLock { state -> Action in
                state.isRead = true
                return Self.conclude(&state, reading: false)
            })
    }

    private func readLines(_ reader: inout Reader) throws(Problem) {
        do throws(Problem) {
            while try reader.lines.readLabelled(into: &reader.block.features, &reader.block.labels) {
                if let full = reader.full.take() { submit(full, isLast: false) }
                if reader.block.labels.count == blockRows { close(&reader, isLast: false) }
            }
        } catch {
            // Something came behind it, whatever it was.
            if let full = reader.full.take() { submit(full, isLast: false) }
            throw error
        }
    }

    /// Ends the block that is being read, and begins the next.
    private func close(_ reader: inout Reader, isLast: Bool) {
        var block = reader.block
        if key != nil { block.hash = RequestIdentity.hash(block.features, block.labels, seed: block.hash) }
        reader.block = LearnBlock(number: block.number + 1)
        reader.block.hash = block.hash
        if key != nil, !isLast { reader.full = block } else { submit(block, isLast: isLast) }
    }

    /// Hands a block over.
    ///
    /// - Parameter isLast: whether the body ends with it. A full block that is the last has another hash than one that is not: a body that
    ///   goes on is another one.
    private func submit(_ block: LearnBlock, isLast: Bool) {
        var block = block
        if key != nil, isLast, block.labels.count == blockRows { block.hash = RequestIdentity.lastHash(block.hash) }
        perform(
            state.withLock { state -> Action in
                state.progressedAt = MonotonicClock.now
                guard state.failure == nil else { return .nothing }
                guard !state.isLearning else {
                    state.ready.append(block)
                    return .nothing
                }
                state.isLearning = true
                return .learn(block, nil)
            })
    }

    /// Ends at a line that is refused.
    private func endReading(at refusal: Problem) {
        if key == nil { reader.withLock { reader in if !reader.block.labels.isEmpty { close(&reader, isLast: true) } } }
        perform(
            state.withLock { state -> Action in
                (state.isRead, state.refusal) = (true, refusal)
                return Self.conclude(&state, reading: false)
            })
    }

    private func endReading(_ problem: Problem) {
        perform(
            state.withLock { state -> Action in
                state.failure = state.failure ?? problem
                return Self.conclude(&state, reading: false)
            })
    }

    // MARK: The worker's side

    /// Queues a block. The one place that makes a job of it: who logs blocks knows them here by their number.
    private func learn(_ block: LearnBlock) {
        let rows = LearnRows(
            features: block.features, labels: block.labels, dimension: dimension,
            identity: key.map { RequestIdentity(key: $0, block: block.number, hash: block.hash) })
        let completion = Completion<LearnAnswer> { [self] in blockEnded($0) }
        do throws(ModelError) { try model.enqueue(.learn(LearnJob(rows, completion))) } catch { blockEnded(.failure(error)) }
    }

    /// The worker has learned a block, or refused it.
    private func blockEnded(_ result: Result<LearnAnswer, ModelError>) {
        perform(
            state.withLock { state -> Action in
                state.isLearning = false
                switch result {
                case .success(let answer): state.total.add(answer)
                case .failure(let error): state.failure = state.failure ?? Problem(error)
                }
                guard state.failure == nil, !state.ready.isEmpty else { return Self.conclude(&state, reading: state.isReading) }
                state.isLearning = true
                let next = state.ready.removeFirst()
                guard state.ready.isEmpty, let flow = state.flow else { return .learn(next, nil) }
                state.flow = nil
                return .learn(next, flow)
            })
    }

    // MARK: The end

    /// Since when the client has not sent a whole block, where it is the client who is waited for.
    var waitsForClientSince: Double? { state.withLock { $0.waitsForClient ? $0.progressedAt : nil } }

    /// Stops to free a slot for another stream, and reports what was learned.
    ///
    /// - Returns: false where something is being done after all.
    func giveWay() -> Bool {
        let action = state.withLock { state -> Action? in
            guard state.waitsForClient else { return nil }
            state.failure = .busy("the rows arrived too slowly while other requests waited to be learned")
            return Self.conclude(&state, reading: false)
        }
        guard let action else { return false }
        perform(action)
        return true
    }

    private func stop(_ problem: Problem) {
        perform(
            state.withLock { state -> Action in
                state.failure = state.failure ?? problem
                return Self.conclude(&state, reading: state.isReading)
            })
    }

    /// What follows when nobody may be at work any more.
    private static func conclude(_ state: inout State, reading: Bool) -> Action {
        state.isReading = reading
        if state.failure != nil { state.ready = [] }
        guard !reading, !state.isLearning, state.ready.isEmpty, !state.isAnswered else { return resumption(&state) }
        guard state.failure != nil || state.isRead else { return resumption(&state) }
        state.isAnswered = true
        if state.failure == nil, state.refusal == nil, let answer = state.total.answer { return .tell(answer) }
        var problem = state.failure ?? state.refusal ?? BodyReader.noLines
        problem.rowsApplied = state.total.rows
        return .answer(problem.response)
    }

    private static func resumption(_ state: inout State) -> Action {
        guard state.failure == nil, state.ready.isEmpty, let flow = state.flow else { return .nothing }
        state.flow = nil
        return .resume(flow)
    }

    private func perform(_ action: Action) {
        switch action {
        case .nothing: break
        case .resume(let flow): flow.resume()
        case .learn(let block, let flow):
            learn(block)
            flow?.resume()
        case .answer(let response): responder.send(response)
        case .tell(let answer): AnswerSender(pool: pool).answer(answer.text, to: responder)
        case .readEnd:
            if !pool.run(.writing, { [self] in readEnd() }) { endReading(.busy("the compute threads are overloaded")) }
        }
    }
}
