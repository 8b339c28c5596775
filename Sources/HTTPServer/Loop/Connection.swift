internal import Concurrency

/// What has to be known of a request until its answer is written.
struct ExchangeInfo {
    var sequence: UInt32 = 0
    var isHead = false
    var isOldVersion = false
    var isSafe = false
    /// It changes nothing, so that its answer may be withheld.
    var isRefusable = false
    /// Empty where answers carry no names.
    var id = RequestID()
    /// What the gate adds to the answer.
    var fields: FieldBlock?
    /// Where it is counted; negative while there is no request.
    var slot = -1
    /// When its head was whole, in nanoseconds of the monotonic clock.
    var start: Int64 = 0
    /// Nil where nobody observes.
    var trace: RequestTrace?
}

/// A request whose answer is not written yet, in the order of the requests.
struct PendingAnswer {
    let info: ExchangeInfo
    var response: Response?
    var memory: AnswerMemory?
    /// What `Allow` says.
    let allow: MethodSet?
}

/// The content of a response which does not go through the output buffer.
enum Transfer {
    case none
    case bytes([UInt8], sent: Int, AnswerMemory?)
    case file(FileBody, sent: Int)
    case stream(StreamPipe, isChunked: Bool, AnswerMemory?)

    var isNone: Bool {
        if case .none = self { true } else { false }
    }

    /// Whether a client that closes its sending side is taken to have gone.
    var endsWithClient: Bool {
        if case .stream(let pipe, _, _) = self { pipe.endsWithClient } else { false }
    }
}

/// How a request's content is being read.
struct BodyReception {
    enum Mode: Equatable {
        /// Into `Connection.builder`, for a handler that wants all of it.
        case collect
        /// Into a `BodyConsumer`.
        case stream
        /// Nowhere: it has been answered already.
        case discard
    }

    var mode = Mode.discard
    /// The request it belongs to.
    var sequence: UInt32 = 0
    var isChunked = false
    /// With a known length: octets still to come.
    var remaining = 0
    /// Octets that have come.
    var received = 0
    /// Octets that may come.
    var limit = 0
    var isPaused = false
    /// The client waits for `100 Continue`, which has not been sent.
    var awaitsContinue = false
    var decoder = ChunkedDecoder()
}

/// The state of one connection, owned by its event loop. Objects stay in their slot and serve one connection after another; an idle
/// connection owns no buffer.
final class Connection {
    enum Phase {
        case closed
        /// A request head is awaited or arriving.
        case head
        /// A request's content is arriving.
        case body
        /// No request is taken any more; answers may be outstanding.
        case ended
        /// All is said; the client's octets are thrown away until its FIN.
        case lingering
    }

    let slot: UInt32
    let liveness = Liveness()
    var generation: UInt32 = 0
    var descriptor: Int32 = -1
    var peer = PeerAddress()
    var phase = Phase.closed
    var interest = EventPoll.Interest()
    /// The descriptor is in the epoll.
    var isWatched = false
    var timer = ConnectionTimer(acceptedAt: 0)

    // Reading
    var parser = RequestParser()
    /// Octets which have been read and not used.
    var input = ByteBuffer()
    /// The head of the request whose content is arriving.
    var storedHead = ByteBuffer()
    var reception = BodyReception()
    var builder: BodyBuilder
    var consumer: (any BodyConsumer)?
    var isPeerClosed = false
    /// The last read took all that there was at the time.
    var isDrained = true
    /// The next request must wait until all answers are written.
    var isBlocked = false

    // Answering
    var current = ExchangeInfo()
    /// `current` has neither an answer nor a place in `pending`.
    var isUnanswered = false
    var pending: [PendingAnswer] = []
    /// No request behind those in hand will be taken.
    var isLastRequest = false

    // Writing
    var output = ByteBuffer()
    var transfer = Transfer.none
    /// The response that `transfer` belongs to.
    var delivery: Delivery?
    var isWriteBlocked = false
    /// What of the output buffer the server's total counts.
    var countedOutput = 0
    var closesWhenFlushed = false
    /// Octets of the client may be on their way: close by lingering.
    var lingers = false
    /// The socket failed; it is closed as soon as nobody uses the buffers.
    var isBroken = false

    init(slot: UInt32, budget: MemoryBudget) {
        self.slot = slot
        builder = BodyBuilder(budget: budget)
    }

    var key: ConnectionKey { ConnectionKey(slot: slot, generation: generation) }
    var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    /// Nothing is in hand and nothing is half-way.
    var isQuiescent: Bool {
        phase == .head && input.isEmpty && hasNothingToSend
    }

    /// Every answer asked for so far has been given to the kernel.
    var hasNothingToSend: Bool {
        pending.isEmpty && !isUnanswered && output.isEmpty && transfer.isNone
    }

    /// Begins a connection.
    func open(_ descriptor: Int32, _ peer: PeerAddress, at now: Int64) {
        generation = generation == .max ? 1 : generation + 1
        liveness.set(generation)
        self.descriptor = descriptor
        self.peer = peer
        phase = .head
        interest = []
        isWatched = false
        timer = ConnectionTimer(acceptedAt: now)
        parser = RequestParser()
        current = ExchangeInfo()
    }

    /// Ends a connection and gives up all that it owned; the descriptor is the caller's.
    func reset() {
        liveness.set(0)
        descriptor = -1
        phase = .closed
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
        isPeerClosed = false
        isDrained = true
        isBlocked = false
        isUnanswered = false
        isLastRequest = false
        isWriteBlocked = false
        countedOutput = 0
        closesWhenFlushed = false
        lingers = false
        isBroken = false
    }
}
