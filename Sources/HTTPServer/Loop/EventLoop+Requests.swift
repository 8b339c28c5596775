import Synchronization

extension EventLoop {
    static let noMemory = "the server has no memory left for request content; try again"

    /// Processes octets of the client; returns how many it used. The rest must be passed again when more have come or the
    /// connection's state has changed.
    func process(_ connection: Connection, _ octets: UnsafeRawBufferPointer) -> Int {
        var at = 0
        while at < octets.count {
            switch connection.state.intake(hasRoom: hasRoom(connection)) {
            case .head:
                let rest = octets.part(at..<octets.count)
                switch connection.parser.parse(rest, limits: limits, into: head) {
                case .incomplete:
                    return at
                case .failed(let failure):
                    refuse(connection, failure)
                    return octets.count
                case .complete(let count):
                    connection.parser = RequestParser()
                    let begins = connection.state.headParsed(
                        hasBody: head.framing != .none, mayJoin: mayJoin(connection), isLast: !head.keepsAlive || isStopping)
                    guard begins else { return at }
                    at += count
                    connection.timer.headIsComplete(at: now)
                    at += begin(connection, octets.part(at..<octets.count))
                }
            case .body:
                at += receive(connection, octets.part(at..<octets.count))
            case .later:
                return at
            case .refuse:
                return octets.count
            }
        }
        return at
    }

    /// Requests may be handled at the same time if all of them only read (RFC 9112, section 9.3.2).
    private func mayJoin(_ connection: Connection) -> Bool {
        (head.method?.isSafe ?? false) && connection.pending.allSatisfy { $0.info.isSafe }
    }

    /// Begins the request in `head`; returns how many octets after the head it used.
    private func begin(_ connection: Connection, _ following: UnsafeRawBufferPointer) -> Int {
        requestCount &+= 1
        handle.requests.store(requestCount, ordering: .relaxed)
        connection.current = ExchangeInfo(
            sequence: connection.current.sequence &+ 1, isHead: head.method == .head, isOldVersion: head.isOldVersion,
            isSafe: head.method?.isSafe ?? false, id: requestID())
        trace(connection, isWellFormed: true)
        guard let method = head.method else {
            return answerEarly(connection, .notImplemented, "the server does not know this method")
        }
        if head.expectsUnknown {
            return answerEarly(connection, .expectationFailed, "the expectation is not supported, expected 100-continue")
        }
        exchange.id = connection.current.id
        exchange.peer = connection.peer
        exchange.begin(method, identifier: identifier, body: following.part(0..<0))
        if head.form == .asterisk {
            return refuseAtGate(connection, .anyone) ?? answerOptions(connection, shared.table.allMethods)
        }
        do throws(PathSegments.Failure) {
            try segments.split(head.bytes(head.path))
        } catch {
            switch error {
            case .encodedNull: return answerEarly(connection, .badRequest, "the path contains an encoded NUL")
            case .tooManySegments: return answerEarly(connection, .notFound, "there is nothing at this path")
            }
        }
        switch shared.table.match(method, segments) {
        case .none:
            return refuseAtGate(connection, .reading) ?? answerEarly(connection, .notFound, "there is nothing at this path")
        case .otherMethods(let methods):
            if method == .options { return refuseAtGate(connection, .anyone, allow: methods) ?? answerOptions(connection, methods) }
            return refuseAtGate(connection, .reading)
                ?? answerEarly(connection, .methodNotAllowed, "this path does not support the method", allow: methods)
        case .route(let route):
            trace(connection, reached: route)
            connection.current.isRefusable = route.access != .writing
            exchange.budget = bodyBudget(connection)
            return refuseAtGate(connection, route.access) ?? begin(connection, method, route, following)
        }
    }

    /// Begins a request that has found its route and passed the gate.
    private func begin(_ connection: Connection, _ method: Method, _ route: Route, _ following: UnsafeRawBufferPointer) -> Int {
        var limit = route.maximumBodySize ?? configuration.maximumBodySize
        switch route.kind {
        case .whole(let handler):
            return refuseBySize(connection, limit) ?? beginWhole(connection, method, handler, limit: limit, following)
        case .streaming(let handler):
            return refuseBySize(connection, limit) ?? beginStreaming(connection, method, handler, limit: limit, following)
        case .either(let isStreamed, let stream, let maximumStreamSize, let whole):
            guard isStreamed(request) else {
                return refuseBySize(connection, limit) ?? beginWhole(connection, method, whole, limit: limit, following)
            }
            limit = maximumStreamSize
            return refuseBySize(connection, limit) ?? beginStreaming(connection, method, stream, limit: limit, following)
        }
    }

    /// The ID of the request in `head`.
    private func requestID() -> RequestID {
        guard configuration.namesRequests else { return RequestID() }
        if let given = head.firstField("x-request-id"), let id = RequestID(given: given.value) { return id }
        return requestIDs.next()
    }

    /// Asks the gate; nil if the request may pass, otherwise as the `answer…` functions.
    private func refuseAtGate(_ connection: Connection, _ access: RouteAccess, allow: MethodSet? = nil) -> Int? {
        guard let gate = configuration.gate else { return nil }
        let verdict = gate(request, access)
        connection.current.fields = verdict.fields
        switch verdict.outcome {
        case .pass: return nil
        case .refuse(let status, let detail, let headers):
            var response = errorResponse(status, detail, path: head.bytes(head.path))
            response.headers += headers
            return answerEarly(connection, response)
        case .answer(let response): return answerEarly(connection, response, allow: allow)
        }
    }

    private func refuseBySize(_ connection: Connection, _ limit: Int) -> Int? {
        guard case .length(let length) = head.framing, length > limit else { return nil }
        return answerEarly(connection, .contentTooLarge, "the content is larger than \(limit) octets")
    }

    // MARK: Early answers

    private func answerEarly(_ connection: Connection, _ status: Status, _ detail: String, allow: MethodSet? = nil) -> Int {
        answerEarly(connection, errorResponse(status, detail, path: head.bytes(head.path)), allow: allow)
    }

    private func answerOptions(_ connection: Connection, _ methods: MethodSet) -> Int {
        answerEarly(connection, Response(.noContent), allow: methods)
    }

    private func answerEarly(_ connection: Connection, _ response: Response, allow: MethodSet? = nil) -> Int {
        offerBody(connection, limit: 0)
        enqueue(connection, connection.current, response, allow: allow, answered(connection))
        return 0
    }

    /// The answer to octets that are not a request; the connection ends with it.
    private func refuse(_ connection: Connection, _ failure: ParseFailure) {
        refuse(connection, failure.status, failure.detail.description)
    }

    func refuse(_ connection: Connection, _ status: Status, _ detail: String) {
        connection.parser = RequestParser()
        let turn = connection.state.refused()
        connection.current = ExchangeInfo(
            sequence: connection.current.sequence &+ 1, id: configuration.namesRequests ? requestIDs.next() : RequestID())
        trace(connection, isWellFormed: false)
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        enqueue(connection, connection.current, errorResponse(status, detail, path: none), turn)
    }

    func errorResponse(_ status: Status, _ detail: String, path: UnsafeRawBufferPointer, retryAfter: Bool = false) -> Response {
        let (contentType, body) = configuration.errorFormatter(path, status, detail)
        return Response(status, contentType: contentType, headers: retryAfter ? [HeaderField("Retry-After", "1")] : [], bytes: body)
    }

    // MARK: Handlers

    private func beginWhole(
        _ connection: Connection, _ method: Method, _ handler: Handler, limit: Int, _ following: UnsafeRawBufferPointer
    ) -> Int {
        switch head.framing {
        case .none:
            exchange.begin(method, identifier: identifier, body: following.part(0..<0))
            call(connection, handler)
            return 0
        case .length(let length) where following.count >= length:
            // The usual small request: its content is used in the receive buffer.
            exchange.begin(method, identifier: identifier, body: following.part(0..<length))
            call(connection, handler)
            return length
        case .length, .chunked:
            beginReception(connection, limit: limit)
            connection.builder = BodyBuilder(budget: bodyBudget(connection))
            connection.state.bodyCollected()
            storeHead(connection)
            if head.expectsContinue { sendContinue(connection, following) }
            return 0
        }
    }

    private func beginStreaming(
        _ connection: Connection, _ method: Method, _ handler: StreamingHandler, limit: Int, _ following: UnsafeRawBufferPointer
    ) -> Int {
        offerBody(connection, limit: limit)
        exchange.begin(method, identifier: identifier, body: following.part(0..<0))
        let sequence = connection.current.sequence
        isInHandler = true
        let consumer = handler(request, Responder(connection, connection.generation, sequence))
        isInHandler = false
        exchange.end()
        if case .streams(let sendsContinue) = handlerReturned(connection, takesBody: consumer != nil) {
            connection.consumer = consumer
            storeHead(connection)
            if sendsContinue { sendContinue(connection, following) }
        } else if head.framing == .none, connection.pending.last?.info.sequence == sequence {
            // No content is to come.
            consumer?.finish()
        }
        return 0
    }

    private func call(_ connection: Connection, _ handler: Handler) {
        isInHandler = true
        handler(request, Responder(connection, connection.generation, connection.current.sequence))
        isInHandler = false
        exchange.end()
        handlerReturned(connection, takesBody: false)
    }

    /// Queues a request whose answer comes later.
    @discardableResult
    private func handlerReturned(_ connection: Connection, takesBody: Bool) -> ConnectionState.Outcome {
        let outcome = connection.state.handlerReturned(takesBody: takesBody, restIsCheap: restIsCheap(connection))
        if outcome != .isAnswered { connection.pending.append(PendingAnswer(info: connection.current, allow: nil)) }
        if outcome == .abandonsBody { dropBody(connection) }
        return outcome
    }

    /// A number unique in the process: the loops take turns.
    private var identifier: UInt64 {
        requestCount &* UInt64(configuration.eventLoops) &+ UInt64(handle.index)
    }

    /// Calls the handler of a request whose content is complete, after parsing the copy of its head.
    func callStored(_ connection: Connection, _ body: Body) {
        var parser = RequestParser()
        guard case .complete = parser.parse(connection.storedHead.bytes, limits: limits, into: head), let method = head.method,
            (try? segments.split(head.bytes(head.path))) != nil,
            case .route(let route) = shared.table.match(method, segments), let handler = route.wholeHandler
        else { preconditionFailure("a stored head has been parsed and matched before") }
        exchange.id = connection.current.id
        exchange.peer = connection.peer
        exchange.budget = bodyBudget(connection)
        exchange.begin(method, identifier: identifier, owning: body)
        call(connection, handler)
    }

    private func storeHead(_ connection: Connection) {
        connection.storedHead.removeAll()
        connection.storedHead.append(UnsafeRawBufferPointer(start: head.base, count: head.count))
    }
}
