internal import Concurrency
import Synchronization

/// One thread's share of the server: an epoll, its connections, and the memory that all their requests reuse.
///
/// Owned by its thread; other threads reach it through its `LoopHandle`.
final class EventLoop {
    static let listenerToken = UInt64.max
    private static let mailboxToken = UInt64.max - 1
    static let receiveSize = 64 << 10
    /// Output that stops the parsing of further requests until the client has taken some.
    static let highWaterMark = 64 << 10
    /// Messages handled in one turn, so that sockets get theirs.
    private static let messagesPerTurn = 512
    /// The shortest time between two checks of all deadlines, in milliseconds.
    private static let scanInterval: Int64 = 50

    let shared: ServerShared
    let handle: LoopHandle
    let configuration: ServerConfiguration
    let limits: RequestLimits
    let policy: DeadlinePolicy
    let head = RequestHead()
    let segments: PathSegments
    let exchange: Exchange
    /// Handlers read `exchange` through it. There is one for all requests: the optimizer of Swift 6.3 aborts if it inlines a
    /// function that makes one.
    let request: Request
    let receiveBuffer: UnsafeMutableRawBufferPointer
    var poll: EventPoll
    var writer: ResponseWriter
    /// Lent to the current connection, so that no idle one owns an output buffer.
    var spareOutput = ByteBuffer(capacity: EventLoop.highWaterMark)
    var connections: [Connection] = []
    var freeSlots: [UInt32] = []
    var openCount = 0
    var now: Int64
    private(set) var nextScan = Int64.max
    var requestCount: UInt64 = 0
    var requestIDs = RequestIDSource()
    /// Whether a handler is running: meanwhile, answers for other connections must wait.
    var isInHandler = false
    var isListening = false
    /// When to listen again after the descriptors ran out.
    var listenAgainAt = Int64.max
    var isStopping = false
    var stopDeadline = Int64.max
    /// When connections without a request are closed, once the server is stopping.
    var graceEnd = Int64.max
    var isGraceOver = false
    /// Connections that may still be taken from the kernel's queue before the listener refuses.
    var backlogLeft = 0
    /// When an empty queue begins to count as emptied.
    var backlogClosesAt = Int64.max
    /// The requests that are answered at the end of this turn.
    var turnRequests: [TurnRequest] = []
    /// The number of turns that had such requests.
    var turn: UInt64 = 0
    private var messages: [LoopMessage] = []
    private var nextMessage = 0

    /// Messages that have been taken from the mailbox and wait for their turn.
    var waitingMessages: ArraySlice<LoopMessage> { messages[nextMessage...] }

    init(shared: ServerShared, handle: LoopHandle) throws(ServerError) {
        self.shared = shared
        self.handle = handle
        configuration = shared.configuration
        limits = RequestLimits(requestLine: configuration.maximumRequestLineSize, header: configuration.maximumHeaderSize)
        policy = DeadlinePolicy(configuration)
        segments = PathSegments(maximumPath: configuration.maximumRequestLineSize)
        exchange = Exchange(head: head, segments: segments, loopIndex: handle.index, budget: shared.budget)
        request = Request(exchange)
        receiveBuffer = .allocate(byteCount: Self.receiveSize, alignment: 64)
        poll = try EventPoll()
        writer = ResponseWriter(serverName: configuration.serverName, htmlFields: configuration.htmlFields)
        writer.setTime(WallClock.coarseSeconds)
        now = MonotonicClock.coarseMilliseconds
        guard poll.add(handle.mailbox.descriptor, .read, token: Self.mailboxToken) else {
            throw .system(call: "epoll_ctl", code: 0)
        }
    }

    deinit {
        receiveBuffer.deallocate()
    }

    // MARK: Turns

    /// Runs until it has been stopped and all connections are closed.
    func run() {
        listen()
        while !hasEnded {
            let count = poll.wait(milliseconds: timeout())
            now = MonotonicClock.coarseMilliseconds
            writer.setTime(WallClock.coarseSeconds)
            beginTurn(events: count)
            for index in 0..<count { handle(poll[index]) }
            handleMessages()
            endTurn()
            if now >= listenAgainAt {
                listenAgainAt = .max
                listen()
            }
            if now >= nextScan { scanDeadlines() }
            if isStopping { goOnStopping() }
        }
        finish()
    }

    private func timeout() -> Int32 {
        if nextMessage < messages.count { return 0 }
        let next = min(nextScan, listenAgainAt, isStopping ? nextStep : .max)
        guard next != .max else { return -1 }
        return Int32(clamping: max(0, next - now) + 1)
    }

    private func handle(_ event: EventPoll.Event) {
        switch event.token {
        case Self.mailboxToken:
            // `handleMessages` takes them after those it already has; until then the descriptor stays readable.
            if nextMessage >= messages.count {
                handle.mailbox.take(into: &messages)
                nextMessage = 0
            }
        case Self.listenerToken:
            acceptConnections()
        default:
            // The generation drops an event of a connection that was closed earlier in this turn, even if its slot is in use again.
            guard let connection = connection(event.token) else { return }
            handle(event, connection)
        }
    }

    private func connection(_ token: UInt64) -> Connection? {
        let slot = Int(token & 0xffff_ffff)
        guard slot < connections.count else { return nil }
        let connection = connections[slot]
        return connection.state.isOpen && connection.generation == UInt32(token >> 32) ? connection : nil
    }

    private func connection(_ key: ConnectionKey) -> Connection? {
        connection(UInt64(key.generation) << 32 | UInt64(key.slot))
    }

    private func handle(_ event: EventPoll.Event, _ connection: Connection) {
        if event.isBroken || event.isPeerClosed && connection.transfer.endsWithClient {
            close(connection)
            return
        }
        lendOutput(connection)
        if event.isWritable { connection.state.writable() }
        if event.isReadable { read(connection) }
        settle(connection)
    }

    // MARK: Messages

    private func handleMessages() {
        let end = min(messages.count, nextMessage + Self.messagesPerTurn)
        while nextMessage < end {
            handle(messages[nextMessage])
            nextMessage += 1
        }
        if nextMessage == messages.count, nextMessage > 0 {
            // Releases the responses at once instead of at the next message.
            messages.removeAll(keepingCapacity: messages.count <= Self.messagesPerTurn)
            nextMessage = 0
        }
    }

    private func handle(_ message: LoopMessage) {
        switch message {
        case .answer(let key, let sequence, let response):
            guard let connection = connection(key) else { return response?.discard() ?? () }
            lendOutput(connection)
            deliver(connection, sequence, response)
            settle(connection)
        case .resume(let key, let sequence):
            guard let connection = connection(key), connection.reception.sequence == sequence else { return }
            guard connection.state.bodyResumed() else { return }
            connection.timer.resumeBody(at: now)
            lendOutput(connection)
            settle(connection)
        case .pump(let key):
            guard let connection = connection(key) else { return }
            lendOutput(connection)
            settle(connection)
        case .breakOff(let key, let file):
            guard let connection = connection(key), case .file(let current, _) = connection.transfer, current === file else { return }
            close(connection)
        case .adopt(let descriptor, let peer):
            adopt(descriptor, peer)
        case .stop(let deadline):
            stop(deadline)
        }
    }

    // MARK: Connections

    func freeConnection() -> Connection {
        if let slot = freeSlots.popLast() { return connections[Int(slot)] }
        let connection = Connection(self, slot: UInt32(connections.count))
        connections.append(connection)
        return connection
    }

    /// Closes a connection at once.
    func close(_ connection: Connection) {
        guard connection.state.isOpen else { return }
        let consumer = connection.consumer
        observeEnd(connection)
        shared.answerBudget.release(connection.countedOutput)
        SystemCall.close(connection.descriptor)
        connection.reset()
        freeSlots.append(connection.slot)
        openCount -= 1
        handle.load.wrappingSubtract(1, ordering: .relaxed)
        shared.dismiss()
        consumer?.abort()
        if !isListening, listenAgainAt != .max { listenAgainAt = min(listenAgainAt, now) }
    }

    // MARK: Deadlines

    /// Ensures that this connection's deadline is checked in time.
    func noteDeadline(_ connection: Connection) {
        guard let deadline = connection.timer.deadline(policy), deadline < nextScan else { return }
        nextScan = max(deadline, now + Self.scanInterval)
    }

    private func scanDeadlines() {
        nextScan = .max
        for connection in connections where connection.state.isOpen {
            guard let deadline = connection.timer.deadline(policy) else { continue }
            if deadline <= now {
                lendOutput(connection)
                expire(connection)
                settle(connection)
            } else {
                noteDeadline(connection)
            }
        }
    }
}
