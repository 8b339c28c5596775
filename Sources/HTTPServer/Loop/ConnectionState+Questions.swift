// What follows from the state; nothing here changes it.
extension ConnectionState {
    var isOpen: Bool { phase != .closed }

    var isBroken: Bool {
        if case .broken = phase { true } else { false }
    }

    /// Where arriving content goes; nil if none is arriving.
    var body: Body? {
        if case .body(let body, _) = phase { body } else { nil }
    }

    /// The current request is neither answered nor queued.
    var isUnanswered: Bool {
        switch phase {
        case .request, .body(.offered, _), .body(.collected, _): true
        case .broken(let isUnanswered): isUnanswered
        case .closed, .head, .held, .body(.streamed, _), .body(.discarded, _), .ended, .lingering: false
        }
    }

    /// Every answer has been written to the output buffer.
    var owesNothing: Bool { waiting == 0 && !isSending && !isUnanswered }

    /// The answer to the current request can be written at once.
    var answersAtOnce: Bool { waiting == 0 && !isSending && !isBroken }

    /// The answer that is being written is the last one and says so (`Connection: close`; RFC 9112, section 9.6).
    var closesAfterAnswer: Bool {
        switch phase {
        case .ended, .request(isLast: true), .body(_, isLast: true): waiting == 0
        case .closed, .head, .held, .request, .body, .lingering, .broken: false
        }
    }

    /// No work is in progress.
    func isQuiescent(hasInput: Bool, hasOutput: Bool) -> Bool {
        phase == .head && !hasInput && !hasOutput && owesNothing
    }

    /// What the client's next octets are. `hasRoom`: the output buffer has room for another answer.
    func intake(hasRoom: Bool) -> Intake {
        switch phase {
        case .head: hasRoom && !isSending && waiting < Self.maximumWaiting ? .head : .later
        case .body(.offered, _), .body(.streamed(isPaused: true), _), .held, .request, .broken: .later
        case .body(.collected, _), .body(.streamed, _), .body(.discarded, _): .body
        case .ended, .lingering, .closed: .refuse
        }
    }

    /// Whether to read from the client.
    func reads(hasRoom: Bool) -> Bool {
        guard !isPeerClosed else { return false }
        switch intake(hasRoom: hasRoom) {
        case .head, .body: return true
        case .later: return false
        case .refuse: return phase == .lingering
        }
    }

    /// What the connection waits for. `isFresh`: it has been accepted, and nothing else has happened.
    func awaited(hasInput: Bool, hasOutput: Bool, isFresh: Bool) -> ConnectionTimer.Phase {
        if phase == .lingering { return .lingering }
        if isWriteBlocked { return .writing }
        if case .body = phase { return .body }
        if hasOutput || !owesNothing { return .answering }
        // A fresh connection has the deadline of a head from the start.
        return hasInput || isFresh ? .head : .idle
    }
}
