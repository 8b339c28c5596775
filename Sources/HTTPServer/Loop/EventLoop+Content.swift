internal import Concurrency

extension EventLoop {
    /// Octets of content that are discarded after an early answer to keep the connection. More would cost more than a new connection.
    static let maximumDiscard = 256 << 10

    /// Prepares for the content of the request in `head`.
    func beginReception(_ connection: Connection, limit: Int) {
        var reception = BodyReception()
        reception.sequence = connection.current.sequence
        reception.limit = limit
        switch head.framing {
        case .none: break
        case .length(let length): reception.remaining = length
        case .chunked: reception.isChunked = true
        }
        connection.reception = reception
        connection.timer.beginBody(at: now)
    }

    /// Prepares for the content of the request in `head`, if it has any, before it is decided where the content goes.
    func offerBody(_ connection: Connection, limit: Int) {
        guard head.framing != .none else { return }
        beginReception(connection, limit: limit)
        connection.state.bodyOffered(awaitsContinue: head.expectsContinue)
    }

    /// The budget for the content of the current request.
    func bodyBudget(_ connection: Connection) -> MemoryBudget {
        connection.current.isRefusable ? shared.readingBudget : shared.budget
    }

    /// Asks a waiting client for the content, unless some has come already (RFC 9110, section 10.1.1).
    func sendContinue(_ connection: Connection, _ following: UnsafeRawBufferPointer) {
        if following.isEmpty { connection.output.append("HTTP/1.1 100 Continue\r\n\r\n") }
    }

    /// Takes octets of content; returns how many it used.
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
            guard connection.state.body == .discarded || isWithinLimit(connection) else { return octets.count }
            if step == .finished {
                endBody(connection)
                return at
            }
            if step == .needsMore || connection.state.body == .streamed(isPaused: true) { return at }
        }
    }

    /// Refuses a chunk that would exceed the limit as soon as its size is known.
    private func isWithinLimit(_ connection: Connection) -> Bool {
        let reception = connection.reception
        let total = reception.received.addingReportingOverflow(reception.decoder.announced)
        if !total.overflow, total.partialValue <= reception.limit { return true }
        failBody(connection, .contentTooLarge, "the content is larger than \(reception.limit) octets")
        return false
    }

    /// Delivers a piece of content; false if that ended the request.
    private func deliver(_ connection: Connection, _ octets: UnsafeRawBufferPointer) -> Bool {
        connection.reception.received = connection.reception.received.addingReportingOverflow(octets.count).partialValue
        connection.timer.bodyArrived(octets.count, at: now, policy)
        switch connection.state.body {
        case nil, .offered: return false
        case .discarded:
            guard connection.reception.received <= Self.maximumDiscard else {
                connection.state.discardedTooMuch()
                return false
            }
        case .collected:
            let reception = connection.reception
            guard reception.received <= reception.limit else { return isWithinLimit(connection) }
            let expected = reception.isChunked ? reception.limit : connection.builder.count + octets.count + reception.remaining
            guard connection.builder.append(octets, expected: expected) else {
                failBody(connection, .serviceUnavailable, Self.noMemory, retryAfter: true)
                return false
            }
        case .streamed:
            guard connection.reception.received <= connection.reception.limit else { return isWithinLimit(connection) }
            guard let consumer = connection.consumer, !octets.isEmpty else { return true }
            let flow = BodyFlow(address: connection.address, sequence: connection.reception.sequence)
            if case .pause = consumer.receive(octets, flow: flow) {
                connection.state.bodyPaused()
                connection.timer.pauseBody(at: now)
            }
        }
        return true
    }

    /// The content is complete.
    func endBody(_ connection: Connection) {
        switch connection.state.bodyEnded() {
        case nil, .offered, .discarded: break
        case .collected: callStored(connection, connection.builder.take())
        case .streamed:
            let consumer = connection.consumer
            connection.consumer = nil
            consumer?.finish()
        }
        connection.storedHead.release()
    }

    /// Whether the rest of the content may be read to keep the connection.
    func restIsCheap(_ connection: Connection) -> Bool {
        connection.state.body == nil || connection.reception.remaining <= Self.maximumDiscard
    }

    /// Releases the consumer of content when the request is answered early or its handler does not want the content.
    func dropBody(_ connection: Connection) {
        connection.consumer = nil
        connection.builder.reset()
        connection.storedHead.release()
        connection.timer.resumeBody(at: now)
        connection.reception.received = 0
    }

    /// The content cannot be completed. Its request is answered with an error unless it has been answered already.
    func failBody(_ connection: Connection, _ status: Status, _ detail: String, retryAfter: Bool = false) {
        let body = connection.state.bodyFailed()
        let consumer = connection.consumer
        connection.consumer = nil
        connection.builder.reset()
        let isAnsweredElsewhere = consumer?.fail(status, detail: detail) ?? false
        if !isAnsweredElsewhere {
            switch body {
            case nil, .offered, .discarded: break
            case .collected: enqueue(connection, connection.current, lateError(connection, status, detail, retryAfter), .begins)
            case .streamed: deliver(connection, connection.reception.sequence, lateError(connection, status, detail, retryAfter))
            }
        }
        connection.storedHead.release()
        if !isAnsweredElsewhere { consumer?.abort() }
    }

    /// An error for a request whose content was arriving.
    private func lateError(_ connection: Connection, _ status: Status, _ detail: String, _ retryAfter: Bool) -> Response {
        errorResponse(status, detail, path: storedPath(connection), retryAfter: retryAfter)
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
        switch connection.state.timedOut(connection.timer.phase, hasInput: !connection.input.isEmpty) {
        case .nothing, .close: break
        case .refuseHead:
            connection.input.release()
            refuse(connection, .requestTimeout, "the request head did not arrive in time")
        case .failBody: failBody(connection, .requestTimeout, "the content did not arrive in time")
        }
    }
}
