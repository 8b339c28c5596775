internal import Concurrency

extension EventLoop {
    /// Content thrown away after an early answer to keep the connection; more costs more than a new one.
    static let maximumDiscard = 256 << 10

    /// Prepares for the content of the request in `head`; without any, nothing changes.
    func beginReception(_ connection: Connection, _ mode: BodyReception.Mode, limit: Int) {
        var reception = BodyReception()
        reception.mode = mode
        reception.sequence = connection.current.sequence
        reception.limit = limit
        reception.awaitsContinue = head.expectsContinue
        switch head.framing {
        case .none: return
        case .length(let length): reception.remaining = length
        case .chunked: reception.isChunked = true
        }
        connection.reception = reception
        if mode == .collect { connection.builder = BodyBuilder(budget: bodyBudget(connection)) }
        connection.phase = .body
        connection.timer.beginBody(at: now)
        if mode == .discard { abandonBody(connection) }
    }

    /// What the content of the request in hand counts against.
    func bodyBudget(_ connection: Connection) -> MemoryBudget {
        connection.current.isRefusable ? shared.readingBudget : shared.budget
    }

    /// Tells a waiting client to send the content, unless it does so already (RFC 9110, section 10.1.1).
    func sendContinue(_ connection: Connection, _ following: UnsafeRawBufferPointer) {
        guard connection.reception.awaitsContinue else { return }
        connection.reception.awaitsContinue = false
        if following.isEmpty { connection.output.append("HTTP/1.1 100 Continue\r\n\r\n") }
    }

    /// Takes octets of content; the number used.
    func receive(_ connection: Connection, _ octets: UnsafeRawBufferPointer) -> Int {
        guard connection.reception.isChunked else {
            let count = min(octets.count, connection.reception.remaining)
            connection.reception.remaining -= count
            guard deliver(connection, octets.part(0..<count)) else { return octets.count }
            if connection.reception.remaining == 0 { endBody(connection) }
            return count
        }
        var at = 0
        while true {
            let step = connection.reception.decoder.next(octets, &at, maximumTrailer: limits.header)
            if case .data(let range) = step {
                guard deliver(connection, octets.part(range)) else { return octets.count }
            } else if case .failed(let failure) = step {
                failBody(connection, failure.status, failure.detail.description)
                return octets.count
            }
            guard connection.reception.mode == .discard || isWithinLimit(connection) else { return octets.count }
            if step == .finished {
                endBody(connection)
                return at
            }
            if step == .needsMore || connection.reception.isPaused { return at }
        }
    }

    /// Refuses a chunk that would pass the limit when its size is known, not when it has arrived.
    private func isWithinLimit(_ connection: Connection) -> Bool {
        let reception = connection.reception
        let total = reception.received.addingReportingOverflow(reception.decoder.announced)
        if !total.overflow, total.partialValue <= reception.limit { return true }
        failBody(connection, .contentTooLarge, "the content is larger than \(reception.limit) octets")
        return false
    }

    /// Hands on a piece of content; false when that ended the request.
    private func deliver(_ connection: Connection, _ octets: UnsafeRawBufferPointer) -> Bool {
        connection.reception.received = connection.reception.received.addingReportingOverflow(octets.count).partialValue
        connection.timer.bodyArrived(octets.count, at: now, policy)
        switch connection.reception.mode {
        case .discard:
            guard connection.reception.received <= Self.maximumDiscard else {
                giveUpBody(connection)
                return false
            }
        case .collect:
            let reception = connection.reception
            guard reception.received <= reception.limit else { return isWithinLimit(connection) }
            let expected = reception.isChunked ? reception.limit : connection.builder.count + octets.count + reception.remaining
            guard connection.builder.append(octets, expected: expected) else {
                failBody(connection, .serviceUnavailable, Self.noMemory, retryAfter: true)
                return false
            }
        case .stream:
            guard connection.reception.received <= connection.reception.limit else { return isWithinLimit(connection) }
            guard let consumer = connection.consumer, !octets.isEmpty else { return true }
            let flow = BodyFlow(address: address(connection), sequence: connection.reception.sequence)
            if case .pause = consumer.receive(octets, flow: flow) {
                connection.reception.isPaused = true
                connection.timer.pauseBody(at: now)
            }
        }
        return true
    }

    /// The content is whole.
    func endBody(_ connection: Connection) {
        connection.phase = .head
        connection.reception.isPaused = false
        switch connection.reception.mode {
        case .discard: break
        case .collect:
            connection.isUnanswered = true
            callStored(connection, connection.builder.take())
        case .stream:
            let consumer = connection.consumer
            connection.consumer = nil
            consumer?.finish()
        }
        connection.storedHead.release()
    }

    /// The request has been answered, or nobody wants the rest: the content is thrown away if that is cheap, else the connection ends.
    func abandonBody(_ connection: Connection) {
        let reception = connection.reception
        connection.consumer = nil
        connection.builder.reset()
        connection.storedHead.release()
        // A client that still waits for 100 may send the content after all, or not: the framing is in doubt.
        if connection.isLastRequest || reception.awaitsContinue || reception.remaining > Self.maximumDiscard {
            giveUpBody(connection)
            return
        }
        if reception.isPaused { connection.timer.resumeBody(at: now) }
        connection.reception.isPaused = false
        connection.reception.mode = .discard
        connection.reception.received = 0
    }

    private func giveUpBody(_ connection: Connection) {
        connection.isLastRequest = true
        connection.lingers = true
        connection.phase = .ended
        if connection.pending.isEmpty, !connection.isUnanswered { connection.closesWhenFlushed = true }
    }

    /// The content will not become whole. Its request is answered with an error, unless that has happened already.
    func failBody(_ connection: Connection, _ status: Status, _ detail: String, retryAfter: Bool = false) {
        let mode = connection.reception.mode
        var consumer = connection.consumer
        connection.consumer = nil
        connection.builder.reset()
        connection.isLastRequest = true
        connection.lingers = true
        connection.phase = .ended
        let isAnsweredElsewhere = consumer?.fail(status, detail: detail) ?? false
        if isAnsweredElsewhere { consumer = nil }
        if mode != .discard, !isAnsweredElsewhere {
            let response = errorResponse(status, detail, path: storedPath(connection), retryAfter: retryAfter)
            switch mode {
            case .collect:
                connection.isUnanswered = false
                enqueue(connection, connection.current, response)
            case .stream, .discard: deliver(connection, connection.reception.sequence, response)
            }
        }
        connection.storedHead.release()
        if connection.pending.isEmpty, connection.transfer.isNone { connection.closesWhenFlushed = true }
        consumer?.abort()
    }

    private func storedPath(_ connection: Connection) -> UnsafeRawBufferPointer {
        var parser = RequestParser()
        guard case .complete = parser.parse(connection.storedHead.bytes, limits: limits, into: head) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return head.bytes(head.path)
    }

    /// A deadline has passed.
    func expire(_ connection: Connection) {
        switch connection.timer.phase {
        case .idle, .lingering, .writing:
            connection.isBroken = true
        case .head:
            // A client that has sent nothing gets nothing; one that has begun a request is told.
            if connection.input.isEmpty {
                connection.isBroken = true
            } else {
                connection.input.release()
                refuse(connection, .requestTimeout, "the request head did not arrive in time")
            }
        case .body:
            failBody(connection, .requestTimeout, "the content did not arrive in time")
        case .answering:
            break
        }
    }
}
