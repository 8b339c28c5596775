// Requests that arrive together are answered together, at the end of the turn in which they came.
extension EventLoop {
    /// Begins a turn. A request that came alone is answered at once.
    func beginTurn(events: Int) {
        exchange.mayJoinTurn = events > 1 && configuration.turnEnd != nil
    }

    /// Answers the requests that have waited for the end of the turn.
    ///
    /// Answers are sent as they are made. The connections go on when all that one call of `turnEnd` made are: their next requests run
    /// handlers, which may use the memory that the call uses.
    func endTurn() {
        exchange.mayJoinTurn = false
        guard !turnRequests.isEmpty, let turnEnd = configuration.turnEnd else { return }
        var settled = 0
        while turnEnd(handle.index) { settleTurn(&settled) }
        for index in turnRequests.indices where !turnRequests[index].isHandled {
            let request = turnRequests[index]
            answer(TurnPlace(turn: turn, index: index), droppedResponse(request.connection, request.sequence))
        }
        settleTurn(&settled)
        turnRequests.removeAll(keepingCapacity: true)
        turn &+= 1
    }

    /// Lets connections go on whose requests are answered, and all before them.
    private func settleTurn(_ settled: inout Int) {
        while settled < turnRequests.count, turnRequests[settled].isHandled {
            let request = turnRequests[settled]
            settled += 1
            guard isOpen(request) else { continue }
            lendOutput(request.connection)
            settle(request.connection)
        }
    }

    /// Whether the connection still is the one that the request came from.
    private func isOpen(_ request: TurnRequest) -> Bool {
        request.connection.state.isOpen && request.connection.generation == request.generation
    }

    // MARK: From responders

    func joinTurn(_ connection: Connection, _ generation: UInt32, _ sequence: UInt32) -> TurnPlace {
        precondition(exchange.mayJoinTurn, "the turn is over")
        turnRequests.append(TurnRequest(connection: connection, generation: generation, sequence: sequence))
        return TurnPlace(turn: turn, index: turnRequests.count - 1)
    }

    func answer(
        _ place: TurnPlace, _ status: Status, _ contentType: StaticString, _ field: NumberField?, _ body: UnsafeRawBufferPointer
    ) {
        guard let request = handle(place) else { return }
        send(request.connection) { connection in
            deliver(connection, request.sequence, status, contentType, field, body)
        }
    }

    func answer(_ place: TurnPlace, _ response: Response) {
        guard let request = handle(place) else { return response.discard() }
        if case .bytes(let bytes) = response.body { noteInline(bytes.count) }
        send(request.connection) { connection in deliver(connection, request.sequence, response) }
    }

    func deferral(_ place: TurnPlace, _ connection: Connection) -> DeferredResponder {
        guard place.turn == turn, !turnRequests[place.index].isHandled else { preconditionFailure("a responder answers once") }
        turnRequests[place.index].isHandled = true
        let request = turnRequests[place.index]
        return connection.deferral(request.generation, request.sequence)
    }

    /// The request at a place that has no answer yet, if its client is still connected; it counts as answered from now on.
    private func handle(_ place: TurnPlace) -> TurnRequest? {
        guard place.turn == turn, !turnRequests[place.index].isHandled else { return nil }
        turnRequests[place.index].isHandled = true
        let request = turnRequests[place.index]
        return isOpen(request) ? request : nil
    }

    /// Writes answers and sends them, as far as the socket accepts them; no handler runs.
    private func send(_ connection: Connection, _ write: (Connection) -> Void) {
        lendOutput(connection)
        write(connection)
        flush(connection)
        returnOutput(connection)
    }
}
