import Synchronization

/// One thread's share of the server: an epoll, its connections, and the memory which all their requests use one after another.
///
/// Owned by its thread; other threads reach it through its `LoopHandle`.
final class EventLoop {
    /// The answer of a handler that dropped its responder.
    static let droppedResponse = Response.problem(.internalServerError, detail: "the request was dropped without an answer")

    private static let listenerToken = UInt64.max
    private static let mailboxToken = UInt64.max - 1
    static let receiveSize = 64 << 10
    /// Output that stops the parsing of further requests until the client has taken some.
    static let highWaterMark = 64 << 10
    /// Messages handled in one turn, so that sockets have theirs.
    private static let messagesPerTurn = 512
    /// How long a connection is idle, in milliseconds, before it may have to give way to a new one.
    private static let leastIdleTime: Int64 = 1000
    /// The least time between two looks at all deadlines, in milliseconds.
    private static let scanInterval: Int64 = 50

    let shared: ServerShared
    let handle: LoopHandle
    let configuration: ServerConfiguration
    let limits: RequestLimits
    let policy: DeadlinePolicy
    let head = RequestHead()
    let segments: PathSegments
    let exchange: Exchange
    let receiveBuffer: UnsafeMutableRawBufferPointer
    var poll: EventPoll
    var writer: ResponseWriter
    /// Lent to the connection in hand, so that no idle one owns an output buffer.
    var spareOutput = ByteBuffer(capacity: EventLoop.highWaterMark)
    var connections: [Connection] = []
    var freeSlots: [UInt32] = []
    var openCount = 0
    var now: Int64
    private(set) var nextScan = Int64.max
    var requestCount: UInt64 = 0
    var requestIDs = RequestIDSource()
    /// A handler is running: answers that come meanwhile for other connections must wait.
    var isInHandler = false
    var isListening = false
    /// When to listen again after the descriptors ran out.
    private var listenAgainAt = Int64.max
    private(set) var isStopping = false
    private var stopDeadline = Int64.max
    private var messages: [LoopMessage] = []
    private var nextMessage = 0

    init(shared: ServerShared, handle: LoopHandle) throws(ServerError) {
        self.shared = shared
        self.handle = handle
        configuration = shared.configuration
        limits = RequestLimits(requestLine: configuration.maximumRequestLineSize, header: configuration.maximumHeaderSize)
        policy = DeadlinePolicy(configuration)
        segments = PathSegments(maximumPath: configuration.maximumRequestLineSize)
        exchange = Exchange(head: head, segments: segments, loopIndex: handle.index, budget: shared.budget)
        receiveBuffer = .allocate(byteCount: Self.receiveSize, alignment: 64)
        poll = try EventPoll()
        writer = ResponseWriter(serverName: configuration.serverName, htmlFields: configuration.htmlFields)
        writer.setTime(SystemCall.wallClockSeconds())
        now = SystemCall.monotonicMilliseconds()
        guard poll.add(handle.mailbox.descriptor, .read, token: Self.mailboxToken) else {
            throw .system(call: "epoll_ctl", code: 0)
        }
    }

    deinit {
        receiveBuffer.deallocate()
    }

    // MARK: Turns

    /// Runs until it is told to stop and all connections are closed.
    func run() {
        listen()
        while !(isStopping && (openCount == 0 || now >= stopDeadline)) {
            let count = poll.wait(milliseconds: timeout())
            now = SystemCall.monotonicMilliseconds()
            writer.setTime(SystemCall.wallClockSeconds())
            for index in 0..<count { handle(poll[index]) }
            handleMessages()
            if now >= listenAgainAt {
                listenAgainAt = .max
                listen()
            }
            if now >= nextScan { scanDeadlines() }
        }
        finish()
    }

    private func timeout() -> Int32 {
        if nextMessage < messages.count { return 0 }
        let next = min(nextScan, listenAgainAt, isStopping ? stopDeadline : .max)
        guard next != .max else { return -1 }
        return Int32(clamping: max(0, next - now) + 1)
    }

    private func handle(_ event: EventPoll.Event) {
        switch event.token {
        case Self.mailboxToken:
            // Taken by `handleMessages` once those in hand are done; until then the descriptor stays readable.
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
        return connection.phase != .closed && connection.generation == UInt32(token >> 32) ? connection : nil
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
        if event.isWritable { connection.isWriteBlocked = false }
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
            // Lets go of the responses at once instead of at the next message.
            messages.removeAll(keepingCapacity: messages.count <= Self.messagesPerTurn)
            nextMessage = 0
        }
    }

    private func handle(_ message: LoopMessage) {
        switch message {
        case .answer(let key, let sequence, let response):
            guard let connection = connection(key) else { return response.discard() }
            lendOutput(connection)
            deliver(connection, sequence, response)
            settle(connection)
        case .resume(let key, let sequence):
            guard let connection = connection(key), connection.phase == .body, connection.reception.sequence == sequence,
                connection.reception.isPaused
            else { return }
            connection.reception.isPaused = false
            connection.timer.resumeBody(at: now)
            lendOutput(connection)
            settle(connection)
        case .pump(let key):
            guard let connection = connection(key) else { return }
            lendOutput(connection)
            settle(connection)
        case .adopt(let descriptor, let peer):
            adopt(descriptor, peer)
        case .stop(let deadline):
            stop(deadline)
        }
    }

    // MARK: Listening

    /// Watches the listener, unless the server is stopping.
    func listen() {
        guard !isListening, !isStopping else { return }
        isListening = poll.add(shared.listener.descriptor, [.read, .exclusive], token: Self.listenerToken)
        if !isListening { listenAgainAt = now + 1000 }
    }

    private func stopListening(until time: Int64) {
        poll.remove(shared.listener.descriptor)
        isListening = false
        listenAgainAt = time
    }

    private func acceptConnections() {
        for _ in 0..<64 {
            guard shared.admit() else {
                // The others wait in the kernel's queue; a connection that closes makes this loop listen again.
                stopListening(until: now + 100)
                closeIdleConnections()
                return
            }
            let result = SystemCall.accept(shared.listener.descriptor)
            if case .connection(let descriptor, let peer) = result {
                place(descriptor, peer)
                continue
            }
            shared.dismiss()
            switch result {
            case .connection, .lost: continue
            case .wouldBlock: return
            case .exhausted:
                // A level-triggered listener would spin: look again when descriptors may have become free.
                stopListening(until: now + 200)
                return
            case .failed:
                stopListening(until: now + 1000)
                return
            }
        }
    }

    /// Keeps a new connection, or hands it to the loop with the fewest if this one has clearly more.
    private func place(_ descriptor: Int32, _ peer: PeerAddress) {
        let mine = handle.load.load(ordering: .relaxed)
        if !isStopping, let other = shared.leastLoaded(), other !== handle, other.load.load(ordering: .relaxed) + 2 < mine {
            other.load.wrappingAdd(1, ordering: .relaxed)
            if other.mailbox.post(.adopt(descriptor, peer)) { return }
            other.load.wrappingSubtract(1, ordering: .relaxed)
        }
        handle.load.wrappingAdd(1, ordering: .relaxed)
        adopt(descriptor, peer)
    }

    private func adopt(_ descriptor: Int32, _ peer: PeerAddress) {
        handle.accepted.wrappingAdd(1, ordering: .relaxed)
        let connection = freeConnection()
        connection.open(descriptor, peer, at: now)
        openCount += 1
        // The request often is there already; a connection which is answered and closed at once never comes into the epoll at all.
        lendOutput(connection)
        read(connection)
        settle(connection)
    }

    /// Makes room for new clients, at the limit, by closing kept-alive connections that have been of no use for a while.
    private func closeIdleConnections() {
        var left = 64
        for connection in connections where connection.isQuiescent && connection.timer.isIdle(since: now - Self.leastIdleTime) {
            close(connection)
            left -= 1
            if left == 0 { return }
        }
    }

    private func freeConnection() -> Connection {
        if let slot = freeSlots.popLast() { return connections[Int(slot)] }
        let connection = Connection(slot: UInt32(connections.count), budget: shared.budget)
        connections.append(connection)
        return connection
    }

    /// Closes a connection at once.
    func close(_ connection: Connection) {
        guard connection.phase != .closed else { return }
        let consumer = connection.phase == .body ? connection.consumer : nil
        observeEnd(connection)
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

    /// Makes sure that the deadlines are looked at in time for this connection.
    func noteDeadline(_ connection: Connection) {
        guard let deadline = connection.timer.deadline(policy), deadline < nextScan else { return }
        nextScan = max(deadline, now + Self.scanInterval)
    }

    private func scanDeadlines() {
        nextScan = .max
        for connection in connections where connection.phase != .closed {
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

    // MARK: Stopping

    private func stop(_ deadline: Int64) {
        guard !isStopping else {
            stopDeadline = min(stopDeadline, deadline)
            return
        }
        // Those which the kernel has accepted already are served.
        if isListening { acceptConnections() }
        if isListening { stopListening(until: .max) }
        listenAgainAt = .max
        isStopping = true
        stopDeadline = deadline
        shared.loopStoppedListening()
        for connection in connections where connection.phase != .closed {
            lendOutput(connection)
            if connection.isQuiescent {
                // A request may lie in the kernel's buffer: it is answered, an idle connection is closed.
                read(connection)
            } else if !connection.hasNothingToSend || connection.phase == .body {
                connection.isLastRequest = true
                if connection.pending.isEmpty, connection.phase == .head { connection.closesWhenFlushed = true }
            }
            settle(connection)
        }
    }

    private func finish() {
        for connection in connections { close(connection) }
        for message in handle.mailbox.close() {
            switch message {
            case .adopt(let descriptor, _):
                SystemCall.close(descriptor)
                shared.dismiss()
            case .answer(_, _, let response): response.discard()
            case .resume, .pump, .stop: break
            }
        }
    }
}
