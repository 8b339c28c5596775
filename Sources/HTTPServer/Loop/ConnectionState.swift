/// What a connection is doing and what it may do next. A pure function of what has happened, so that tests need no sockets.
///
/// Each event is a method: it changes the state and returns what the event loop does about it. In a phase in which an event cannot
/// happen it changes nothing. Every method is O(1) and allocates nothing.
struct ConnectionState: Hashable {
    /// Where the content of the current request goes.
    enum Body: Hashable {
        /// Not decided: its handler is running. The client may wait for `100 Continue` (RFC 9110, section 10.1.1).
        case offered(awaitsContinue: Bool)
        /// Into memory, for a handler that wants all of it.
        case collected
        /// Into a `BodyConsumer`; the answer is queued.
        case streamed(isPaused: Bool)
        /// Nowhere: the request has been answered, or its handler does not want the content.
        case discarded
    }

    enum Phase: Hashable {
        case closed
        /// A request head is awaited or arriving.
        case head
        /// A head has arrived that must wait until all answers are sent.
        case held
        /// A request whose content is complete or not yet offered is being handled. `isLast`: no other follows.
        case request(isLast: Bool)
        /// The content of the current request is arriving.
        case body(Body, isLast: Bool)
        /// No more requests are accepted; answers may be outstanding. `lingers`: the client may still be sending.
        case ended(lingers: Bool)
        /// All answers and FIN are sent; the client's octets are dropped until its FIN (RFC 9112, section 9.6).
        case lingering
        /// The connection is closed as soon as its buffers are unused. `isUnanswered`: the current request never got an answer.
        case broken(isUnanswered: Bool)
    }

    /// Answers that may wait while requests are still accepted.
    static let maximumWaiting = 16

    private(set) var phase = Phase.closed
    /// Queued answers that have not begun, whether known yet or not.
    private(set) var waiting = 0
    /// Content that bypasses the output buffer is being sent.
    private(set) var isSending = false
    /// The socket currently accepts no octets.
    private(set) var isWriteBlocked = false
    /// The client has closed its sending side.
    private(set) var isPeerClosed = false
    /// The last read took everything available.
    private(set) var isDrained = true

    // MARK: Begin and end

    /// A connection has been accepted.
    mutating func opened() {
        if phase == .closed { phase = .head }
    }

    /// The socket failed, or an answer cannot be completed.
    mutating func broke() {
        if phase != .closed { phase = .broken(isUnanswered: isUnanswered) }
    }

    /// The descriptor is closed; false if it was before.
    @discardableResult
    mutating func closed() -> Bool {
        defer { self = ConnectionState() }
        return isOpen
    }

    // MARK: Requests

    /// A request head is complete.
    ///
    /// - Parameters:
    ///   - hasBody: The request has content.
    ///   - mayJoin: It may be handled at the same time as those whose answers wait (RFC 9112, section 9.3.2).
    ///   - isLast: No other may follow (RFC 9112, section 9.3).
    /// - Returns: Whether the request begins; if not, the head is parsed again once all answers are sent.
    mutating func headParsed(hasBody: Bool, mayJoin: Bool, isLast: Bool) -> Bool {
        guard phase == .head, !isSending, waiting < Self.maximumWaiting else { return false }
        guard waiting == 0 || mayJoin && !hasBody else {
            phase = .held
            return false
        }
        phase = .request(isLast: isLast)
        return true
    }

    /// The octets are not a request, or the head took too long: the connection ends with the answer that says so.
    mutating func refused() -> Turn {
        guard phase == .head else { return .waits }
        phase = .ended(lingers: true)
        return turn()
    }

    /// The request has content whose destination is not decided.
    mutating func bodyOffered(awaitsContinue: Bool) {
        guard case .request(let isLast) = phase, answersAtOnce else { return }
        phase = .body(.offered(awaitsContinue: awaitsContinue), isLast: isLast)
    }

    /// The request has content that is collected.
    mutating func bodyCollected() {
        guard case .request(let isLast) = phase, answersAtOnce else { return }
        phase = .body(.collected, isLast: isLast)
    }

    /// The current request is answered. `restIsCheap`: the rest of its content may be read to keep the connection.
    mutating func answered(restIsCheap: Bool) -> Turn {
        switch phase {
        case .request(let isLast):
            phase = Self.next(isLast: isLast)
            return turn()
        case .body(.offered(let awaitsContinue), let isLast):
            abandonBody(isLast: isLast, keeps: restIsCheap && !awaitsContinue)
            return .abandonsBody
        case .broken(isUnanswered: true):
            phase = .broken(isUnanswered: false)
            waiting += 1
            return .waits
        case .closed, .head, .held, .body, .ended, .lingering, .broken: return .waits
        }
    }

    /// The handler of the current request has returned.
    mutating func handlerReturned(takesBody: Bool, restIsCheap: Bool) -> Outcome {
        switch phase {
        case .request(let isLast):
            phase = Self.next(isLast: isLast)
            waiting += 1
            return .isDeferred
        case .body(.offered(let awaitsContinue), let isLast):
            waiting += 1
            if takesBody {
                phase = .body(.streamed(isPaused: false), isLast: isLast)
                return .streams(sendsContinue: awaitsContinue)
            }
            // A client that still waits for 100 may send the content or not: where the next request begins is in doubt.
            abandonBody(isLast: isLast, keeps: restIsCheap && !awaitsContinue)
            return .abandonsBody
        case .broken(isUnanswered: true):
            phase = .broken(isUnanswered: false)
            waiting += 1
            return .isDeferred
        case .closed, .head, .held, .body, .ended, .lingering, .broken: return .isAnswered
        }
    }

    // MARK: Content

    /// The consumer wants no more for now.
    mutating func bodyPaused() {
        if case .body(.streamed, let isLast) = phase { phase = .body(.streamed(isPaused: true), isLast: isLast) }
    }

    /// The consumer wants more; false if the content was not paused.
    mutating func bodyResumed() -> Bool {
        guard case .body(.streamed(isPaused: true), let isLast) = phase else { return false }
        phase = .body(.streamed(isPaused: false), isLast: isLast)
        return true
    }

    /// More content has been discarded than keeping the connection is worth.
    mutating func discardedTooMuch() {
        if case .body(.discarded, _) = phase { phase = .ended(lingers: true) }
    }

    /// The content is complete.
    ///
    /// - Returns: Where it went; nil if none was arriving. If it was collected, the request is handled again.
    mutating func bodyEnded() -> Body? {
        guard case .body(let body, let isLast) = phase else { return nil }
        switch body {
        case .offered: return nil
        case .collected: phase = .request(isLast: isLast)
        case .streamed, .discarded: phase = Self.next(isLast: isLast)
        }
        return body
    }

    /// The content cannot be completed: no request follows.
    ///
    /// - Returns: Where it went; nil if none was arriving. If it was collected, an answer is due at once.
    mutating func bodyFailed() -> Body? {
        guard case .body(let body, _) = phase else { return nil }
        if case .offered = body { return nil }
        phase = .ended(lingers: true)
        return body
    }

    // MARK: Answers

    /// The first queued answer is known. `restIsCheap`: as in `answered`.
    mutating func nextAnswer(restIsCheap: Bool) -> Turn {
        guard waiting > 0, !isSending, !isUnanswered, !isBroken else { return .waits }
        waiting -= 1
        guard case .body(.streamed, let isLast) = phase else { return .begins }
        abandonBody(isLast: isLast, keeps: restIsCheap)
        return .abandonsBody
    }

    /// The answer being written ends with the connection: queued answers are dropped.
    mutating func answerEndsConnection() {
        switch phase {
        case .head, .held: phase = .ended(lingers: false)
        case .body(.discarded, _): phase = .body(.discarded, isLast: true)
        case .ended, .broken: break
        case .closed, .request, .body, .lingering: return
        }
        waiting = 0
    }

    /// The answer being written has content that bypasses the output buffer.
    mutating func transferBegan() {
        switch phase {
        case .head, .held, .body(.discarded, _), .ended: isSending = true
        case .closed, .request, .body, .lingering, .broken: break
        }
    }

    /// All of that content has been sent.
    mutating func transferEnded() {
        isSending = false
    }

    // MARK: The socket

    /// Octets have arrived. `all`: no more were available.
    mutating func received(all: Bool) {
        if isOpen { isDrained = all }
    }

    /// The client has closed its sending side. Its requests so far are still answered.
    ///
    /// - Returns: Whether content is missing.
    mutating func peerClosed() -> Bool {
        guard isOpen else { return false }
        isPeerClosed = true
        return body != nil
    }

    mutating func writeBlocked() {
        if isOpen { isWriteBlocked = true }
    }

    mutating func writable() {
        isWriteBlocked = false
    }

    // MARK: Time

    /// The deadline of the awaited event has passed.
    mutating func timedOut(_ awaited: ConnectionTimer.Phase, hasInput: Bool) -> Expiry {
        switch awaited {
        case .answering: return .nothing
        case .body: return .failBody
        case .head where hasInput: return .refuseHead
        case .head, .idle, .lingering, .writing:
            broke()
            return .close
        }
    }

    /// The server stops: a connection with a current request ends with its answer; any other may still send one.
    mutating func stopRequested() {
        switch phase {
        case .head where waiting > 0, .held where waiting > 0: phase = .ended(lingers: false)
        case .body(.discarded, _) where waiting == 0: break
        case .body(let body, _): phase = .body(body, isLast: true)
        case .request: phase = .request(isLast: true)
        case .closed, .head, .held, .ended, .lingering, .broken: break
        }
    }

    // MARK: Rest

    /// The output buffer has been sent as far as the socket accepts it: a held head is parsed again.
    mutating func flushed(hasOutput: Bool) {
        if phase == .held, owesNothing, !hasOutput { phase = .head }
    }

    /// All that can be done now is done.
    ///
    /// A connection that is closed while octets of its client are unread sends RST, which can destroy answers on their way. So, if such
    /// octets may come, FIN is sent first and they are read and dropped (RFC 9112, section 9.6).
    mutating func settled(hasInput: Bool, hasOutput: Bool, isStopping: Bool, isGraceOver: Bool) -> Action {
        if isBroken { return .close }
        guard owesNothing, !hasOutput else { return .wait }
        switch phase {
        case .ended, .body(.discarded, isLast: true):
            if isPeerClosed { break }
            if phase != .ended(lingers: false) { return goodbye() }
            if !isDrained || isStopping { return .probe }
        case .head:
            guard isPeerClosed || isGraceOver && !hasInput else { return .wait }
        case .closed, .held, .request, .body, .lingering, .broken: return .wait
        }
        broke()
        return .close
    }

    /// The result of `.probe`.
    mutating func probed(foundOctets: Bool) -> Action {
        guard phase == .ended(lingers: false), owesNothing else { return .wait }
        if foundOctets { return goodbye() }
        broke()
        return .close
    }

    private mutating func goodbye() -> Action {
        phase = .lingering
        return .sayGoodbye
    }

    // MARK: Transitions

    /// The phase after a request is answered or queued.
    private static func next(isLast: Bool) -> Phase {
        isLast ? .ended(lingers: false) : .head
    }

    private mutating func turn() -> Turn {
        if waiting == 0, !isSending { return .begins }
        waiting += 1
        return .waits
    }

    /// Discards the content if that is cheap, otherwise ends the connection.
    private mutating func abandonBody(isLast: Bool, keeps: Bool) {
        phase = keeps && !isLast ? .body(.discarded, isLast: false) : .ended(lingers: true)
    }
}
