/// What a connection waits for, and until when. A pure function of the times given, so that tests need not sleep.
struct ConnectionTimer: Equatable {
    enum Phase: Equatable {
        /// Between requests.
        case idle
        /// A head is arriving; absolute from its first octet, or from the accept.
        case head
        /// Content is arriving; it must keep to a minimum rate.
        case body
        /// Nothing is expected from the client: no deadline.
        case answering
        /// The client does not read its answer at once; it must keep to a minimum rate.
        case writing
        /// Reading the rest of a refused request; absolute.
        case lingering
    }

    private(set) var phase = Phase.head
    private var since: Int64
    private var body: Allowance
    private var writing: Allowance
    private var pausedSince: Int64?

    /// A connection has been accepted.
    init(acceptedAt now: Int64) {
        since = now
        body = Allowance(at: now)
        writing = Allowance(at: now)
    }

    /// Enters a phase, or stays in it. Staying restarts only `.idle`.
    mutating func enter(_ next: Phase, at now: Int64) {
        if next == .idle || next != phase { since = now }
        if next == .writing, phase != .writing { writing = Allowance(at: now) }
        phase = next
    }

    /// A head is complete: the next one has its own deadline.
    mutating func headIsComplete(at now: Int64) {
        enter(.answering, at: now)
    }

    /// Content begins to arrive.
    mutating func beginBody(at now: Int64) {
        body = Allowance(at: now)
        pausedSince = nil
    }

    /// Some content has arrived.
    mutating func bodyArrived(_ count: Int, at now: Int64, _ policy: DeadlinePolicy) {
        body.pay(count, rate: policy.bodyRate, at: now)
    }

    /// The application pauses the content: the time until `resumeBody` is not charged to the client.
    mutating func pauseBody(at now: Int64) {
        if pausedSince == nil { pausedSince = now }
    }

    mutating func resumeBody(at now: Int64) {
        guard let paused = pausedSince else { return }
        body.extend(by: now - paused)
        pausedSince = nil
    }

    /// The client has read some octets of its answer.
    mutating func writeProgressed(_ count: Int, at now: Int64, _ policy: DeadlinePolicy) {
        if phase == .writing { writing.pay(count, rate: policy.writeRate, at: now) }
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
        case .body: return pausedSince == nil ? body.paidUntil + policy.body : nil
        case .answering: return nil
        case .writing: return writing.paidUntil + policy.write
        case .lingering: return since + policy.linger
        }
    }
}
