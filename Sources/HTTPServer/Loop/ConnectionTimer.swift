/// The server's deadlines in milliseconds.
struct DeadlinePolicy: Equatable {
    var header: Int64
    var body: Int64
    /// Octets of content a second.
    var bodyRate: Int64
    var idle: Int64
    var write: Int64
    var linger: Int64
}

extension DeadlinePolicy {
    init(_ configuration: ServerConfiguration) {
        func milliseconds(_ seconds: Double) -> Int64 { max(1, Int64(seconds * 1000)) }
        header = milliseconds(configuration.headerDeadline)
        body = milliseconds(configuration.bodyDeadline)
        bodyRate = Int64(configuration.minimumBodyRate)
        idle = milliseconds(configuration.idleTimeout)
        write = milliseconds(configuration.writeTimeout)
        linger = milliseconds(configuration.lingerTimeout)
    }
}

/// What a connection waits for, and until when. A pure function of the times given, so that tests need not sleep.
struct ConnectionTimer: Equatable {
    enum Phase: Equatable {
        /// Between requests.
        case idle
        /// A head is arriving; absolute from its first octet, or from the accept.
        case head
        /// Content is arriving; extended by what has arrived.
        case body
        /// The client is not the one who is waited for: no deadline.
        case answering
        /// The client does not take its answer; from the last progress.
        case writing
        /// A refused request is running out; absolute.
        case lingering
    }

    private(set) var phase = Phase.head
    private var since: Int64
    private var bodySince: Int64 = 0
    private var bodyCount: Int64 = 0
    private var pausedSince: Int64?

    /// A connection has been accepted.
    init(acceptedAt now: Int64) {
        since = now
    }

    /// Enters a phase, or stays in it; staying in `.head`, `.body` or `.lingering` does not begin it anew.
    mutating func enter(_ next: Phase, at now: Int64) {
        if next == .idle || next != phase { since = now }
        phase = next
    }

    /// A head is whole: the next one has a deadline of its own.
    mutating func headIsComplete(at now: Int64) {
        enter(.answering, at: now)
    }

    /// Content begins to arrive.
    mutating func beginBody(at now: Int64) {
        bodySince = now
        bodyCount = 0
        pausedSince = nil
    }

    /// Some content has arrived.
    mutating func bodyArrived(_ count: Int) {
        bodyCount = bodyCount.addingReportingOverflow(Int64(count)).partialValue
    }

    /// The application stops the flow of content: the time until `resumeBody` is not the client's.
    mutating func pauseBody(at now: Int64) {
        if pausedSince == nil { pausedSince = now }
    }

    mutating func resumeBody(at now: Int64) {
        guard let paused = pausedSince else { return }
        bodySince += now - paused
        pausedSince = nil
    }

    /// The client has taken some octets of its answer.
    mutating func writeProgressed(at now: Int64) {
        if phase == .writing { since = now }
    }

    /// Whether the connection has been between two requests since `time` or longer.
    func isIdle(since time: Int64) -> Bool {
        phase == .idle && since <= time
    }

    /// When the phase ends for good; nil while the client may take any time.
    func deadline(_ policy: DeadlinePolicy) -> Int64? {
        switch phase {
        case .idle: return since + policy.idle
        case .head: return since + policy.header
        case .body:
            guard pausedSince == nil else { return nil }
            let seconds = bodyCount / policy.bodyRate
            let earned = min(seconds, 1 << 40) * 1000 + bodyCount % policy.bodyRate * 1000 / policy.bodyRate
            return bodySince + policy.body + earned
        case .answering: return nil
        case .writing: return since + policy.write
        case .lingering: return since + policy.linger
        }
    }
}
