internal import Concurrency

/// One connection and its buffers, owned by its event loop. Objects stay in their slot and serve one connection after another; an idle
/// connection owns no buffer.
///
/// `state` decides what happens next; the rest is data.
final class Connection: AnswerTarget {
    /// Its event loop; `EventLoop.finish` breaks the cycle.
    let loop: EventLoop
    let slot: UInt32
    let liveness = Liveness()
    var generation: UInt32 = 0
    var descriptor: Int32 = -1
    var peer = PeerAddress()
    var state = ConnectionState()
    /// What the descriptor is watched for; nil while it is not in the epoll.
    var interest: EventPoll.Interest?
    var timer = ConnectionTimer(acceptedAt: 0)

    // Reading
    var parser = RequestParser()
    /// Octets that have been read but not used.
    var input = ByteBuffer()
    /// The head of the request whose content is arriving.
    var storedHead = ByteBuffer()
    var reception = BodyReception()
    var builder: BodyBuilder
    var consumer: (any BodyConsumer)?

    // Answering
    /// The last request that has begun.
    var current = ExchangeInfo()
    /// Queued answers, in the order of the requests; `state` knows how many.
    var pending: [PendingAnswer] = []

    // Writing
    var output = ByteBuffer()
    private(set) var transfer = Transfer.none
    /// The response that `transfer` belongs to.
    var delivery: Delivery?
    /// How much of the output buffer is counted in the server's total.
    var countedOutput = 0

    init(_ loop: EventLoop, slot: UInt32) {
        self.loop = loop
        self.slot = slot
        builder = BodyBuilder(budget: loop.shared.budget)
    }

    var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    /// Whether no work is in progress.
    var isQuiescent: Bool { state.isQuiescent(hasInput: !input.isEmpty, hasOutput: !output.isEmpty) }

    // MARK: Answers

    override func answer(
        _ generation: UInt32, _ sequence: UInt32, _ status: Status, _ contentType: StaticString, _ field: NumberField?,
        _ body: UnsafeRawBufferPointer
    ) {
        loop.answer(self, generation, sequence, status, contentType, field, body)
    }

    override func answer(_ generation: UInt32, _ sequence: UInt32, _ response: Response?) {
        loop.answer(self, generation, sequence, response)
    }

    override func deferral(_ generation: UInt32, _ sequence: UInt32) -> DeferredResponder {
        DeferredResponder(address(generation), sequence, liveness)
    }

    override func joinTurn(_ generation: UInt32, _ sequence: UInt32) -> TurnPlace { loop.joinTurn(self, generation, sequence) }

    override func answer(
        _ place: TurnPlace, _ status: Status, _ contentType: StaticString, _ field: NumberField?, _ body: UnsafeRawBufferPointer
    ) {
        loop.answer(place, status, contentType, field, body)
    }

    override func answer(_ place: TurnPlace, _ response: Response) { loop.answer(place, response) }

    override func deferral(_ place: TurnPlace) -> DeferredResponder { loop.deferral(place, self) }

    // MARK: The connection

    /// Begins a connection.
    func open(_ descriptor: Int32, _ peer: PeerAddress, at now: Int64) {
        generation = generation == .max ? 1 : generation + 1
        liveness.set(generation)
        self.descriptor = descriptor
        self.peer = peer
        state.opened()
        interest = nil
        timer = ConnectionTimer(acceptedAt: now)
        parser = RequestParser()
        current = ExchangeInfo()
    }

    /// Begins to send content that bypasses the output buffer.
    func beginTransfer(_ next: Transfer) {
        transfer = next
        state.transferBegan()
    }

    /// The client has read some of that content.
    func continueTransfer(_ next: Transfer) {
        transfer = next
    }

    /// All of that content has been sent.
    func endTransfer() {
        transfer = .none
        state.transferEnded()
    }

    /// Whether the state's counts match the data.
    var isConsistent: Bool { state.waiting == pending.count && state.isSending == !transfer.isNone }

    /// Ends a connection and releases everything it owned, except the descriptor.
    func reset() {
        liveness.set(0)
        descriptor = -1
        state.closed()
        input.release()
        storedHead.release()
        output.release()
        builder.reset()
        consumer = nil
        reception = BodyReception()
        for answer in pending { answer.response?.discard() }
        pending = []
        if case .stream(let pipe, _, _) = transfer { pipe.close() }
        transfer = .none
        delivery = nil
        current = ExchangeInfo()
        countedOutput = 0
    }
}
