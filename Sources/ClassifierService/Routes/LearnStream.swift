internal import AnalyticLearning
internal import Concurrency
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// Learns NDJSON while it arrives, in constant memory.
///
/// A compute thread reads a piece of the body while the connection waits; full blocks of rows go to the model's worker. The worker has one
/// block at a time, so that the learned rows are always the beginning of the body; meanwhile the next block is read, and then the
/// connection waits again. Whatever ends the request early, the answer is sent when the worker has finished, and reports how many rows it
/// has learned.
///
/// If a line is refused, all lines before it are learned; under a key, only whole blocks. Under a key, learned rows are recognised by their
/// blocks: after the client corrects the line, the whole blocks before it are the same, but the block with the line is different.
final class LearnStream: BodyConsumer {
    private let model: Model
    private let pool: ComputePool
    private let responder: DeferredResponder
    private let dimension: Int
    private let blockRows: Int
    private let key: IdempotencyKey?
    private let visibility: LearnVisibility
    private let onEnd: @Sendable () -> Void
    private let state = Guarded(State())
    /// Used by one task at a time: the next piece arrives only after the last has been read.
    private let reader: Guarded<Reader>

    private struct Reader {
        var lines: LineReader
        var block = LearnBlock(number: 0)
        /// A full block of a request with a key, kept until it is known whether it is the last: its hash depends on that.
        var full: LearnBlock?
    }

    private struct State {
        /// A compute thread is reading.
        var isReading = false
        /// All octets have arrived.
        var isWhole = false
        /// All rows have been read, or all before a refused line.
        var isRead = false
        /// Why a line was refused; the lines before it are learned first.
        var refusal: Problem?
        /// The worker has a block.
        var isLearning = false
        /// Blocks that wait for the worker.
        var ready: [LearnBlock] = []
        /// The flow to resume when there is room for the next piece.
        var flow: BodyFlow?
        /// Why learning has ended early.
        var failure: Problem?
        var isAnswered = false
        var total = LearnTotal()
        /// When the last block was completed; before that, when the stream began.
        var progressedAt = MonotonicClock.now

        /// Nothing can be done until the client sends more.
        var waitsForClient: Bool { !isReading && !isLearning && !isWhole && !isRead && !isAnswered && ready.isEmpty && failure == nil }
    }

    /// The next action once the lock is free.
    private enum Action {
        case nothing
        case resume(BodyFlow)
        /// Learns a block, and resumes reading if there is a flow.
        case learn(LearnBlock, BodyFlow?)
        case answer(Response)
        case tell(LearnAnswer)
        case readEnd
    }

    /// - Parameter onEnd: called once, when the stream has ended.
    init(
        model: Model, pool: ComputePool, responder: DeferredResponder, blockRows: Int, key: IdempotencyKey? = nil,
        visibility: LearnVisibility = .now, onEnd: @escaping @Sendable () -> Void
    ) {
        self.model = model
        self.pool = pool
        self.responder = responder
        dimension = model.configuration.dimension
        self.blockRows = LearnBlock.rows(dimension: dimension, limit: blockRows)
        self.key = key
        self.visibility = visibility
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
        // The answer will say why no more is accepted.
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
            // The block is not the last: something follows it.
            if let full = reader.full.take() { submit(full, isLast: false) }
            throw error
        }
    }

    /// Ends the current block, and begins the next.
    private func close(_ reader: inout Reader, isLast: Bool) {
        var block = reader.block
        if key != nil { block.hash = RequestIdentity.hash(block.features, block.labels, seed: block.hash) }
        reader.block = LearnBlock(number: block.number + 1)
        reader.block.hash = block.hash
        if key != nil, !isLast { reader.full = block } else { submit(block, isLast: isLast) }
    }

    /// Passes a block to the worker.
    ///
    /// - Parameter isLast: whether the body ends with the block. A full last block has a hash of its own, so that a longer body with the
    ///   same blocks is recognised as another body.
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

    /// Ends reading at a refused line.
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

    /// Queues a block. Only this code makes a job of a block, under the block's number.
    private func learn(_ block: LearnBlock) {
        let rows = LearnRows(
            features: block.features, labels: block.labels, dimension: dimension,
            identity: key.map { RequestIdentity(key: $0, block: block.number, hash: block.hash) })
        let completion = Completion<LearnAnswer> { [self] in blockEnded($0) }
        do throws(ModelError) {
            try model.enqueue(.learn(LearnJob(rows, isForLater: visibility == .later, completion)))
        } catch { blockEnded(.failure(error)) }
    }

    /// Handles the worker's result for a block.
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

    /// Since when the stream waits for the client to complete a block; nil if it does not wait for the client.
    var waitsForClientSince: Double? { state.withLock { $0.waitsForClient ? $0.progressedAt : nil } }

    /// Stops to free a slot for another stream, and reports what was learned.
    ///
    /// - Returns: false if the stream is busy after all.
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

    /// The next action once reading or learning may have ended.
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
        case .tell(let answer): AnswerSender(pool: pool).answer(answer.text(visibility), to: responder)
        case .readEnd:
            if !pool.run(.writing, { [self] in readEnd() }) { endReading(.busy("the compute threads are overloaded")) }
        }
    }
}
