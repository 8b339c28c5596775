internal import Concurrency

extension EventLoop {
    /// Reads once from a readable connection and processes what came. Level-triggered epoll reports again if there is more, so no
    /// connection can keep the others waiting.
    func read(_ connection: Connection) {
        guard reads(connection) else { return stopReading(connection) }
        if connection.state.phase == .lingering { return discardInput(connection) }
        if connection.state.body == .collected, !connection.reception.isChunked, connection.input.isEmpty {
            return readIntoBody(connection)
        }
        if connection.input.isEmpty {
            let result = SystemCall.receive(connection.descriptor, into: receiveBuffer)
            guard case .bytes(let count) = result else { return readEnded(connection, result) }
            connection.state.received(all: count < receiveBuffer.count)
            let octets = UnsafeRawBufferPointer(rebasing: receiveBuffer[..<count])
            let used = process(connection, octets)
            if used < count, !connection.state.isBroken { connection.input.append(octets.part(used..<count)) }
        } else {
            connection.input.reserve(4096)
            var result = SystemCall.Transfer.wouldBlock
            let descriptor = connection.descriptor
            connection.input.fill { spare in
                result = SystemCall.receive(descriptor, into: spare)
                if case .bytes(let count) = result {
                    connection.state.received(all: count < spare.count)
                    return count
                }
                return 0
            }
            guard case .bytes = result else { return readEnded(connection, result) }
            processInput(connection)
        }
    }

    /// Content of a known length goes straight into its memory.
    private func readIntoBody(_ connection: Connection) {
        let missing = connection.reception.remaining
        guard connection.builder.reserve(1, expected: connection.builder.count + missing) else {
            return failBody(connection, .serviceUnavailable, Self.noMemory, retryAfter: true)
        }
        let spare = connection.builder.spare(limit: min(missing, 1 << 20))
        let result = SystemCall.receive(connection.descriptor, into: spare)
        guard case .bytes(let count) = result else { return readEnded(connection, result) }
        // No more than the content was asked for; more may follow it.
        connection.state.received(all: count < spare.count)
        connection.builder.commit(count)
        connection.timer.bodyArrived(count, at: now, policy)
        connection.reception.received += count
        connection.reception.remaining -= count
        if connection.reception.remaining == 0 { endBody(connection) }
    }

    private func readEnded(_ connection: Connection, _ result: SystemCall.Transfer) {
        switch result {
        case .bytes, .wouldBlock: return
        case .failed: connection.state.broke()
        case .end:
            // As far as known, the client has only closed its sending side: its requests so far are still answered.
            if connection.state.peerClosed() {
                failBody(connection, .badRequest, "the connection ended before all of the content arrived")
            }
            stopReading(connection)
        }
    }

    /// Processes octets that were read earlier; false if none could be used.
    @discardableResult
    func processInput(_ connection: Connection) -> Bool {
        let used = process(connection, connection.input.bytes)
        connection.input.consume(used)
        if connection.input.isEmpty { connection.input.release() }
        return used > 0
    }

    /// Stops watching for octets until `settle` wants them again. Only done if there are octets that cannot be used yet, so the
    /// usual request needs no epoll_ctl.
    private func stopReading(_ connection: Connection) {
        if let interest = connection.interest { setInterest(connection, interest.subtracting(.read)) }
    }

    private func discardInput(_ connection: Connection) {
        for _ in 0..<4 {
            switch SystemCall.receive(connection.descriptor, into: receiveBuffer) {
            case .bytes(let count):
                if count < receiveBuffer.count { return }
            case .wouldBlock: return
            case .end, .failed: return connection.state.broke()
            }
        }
    }

    func setInterest(_ connection: Connection, _ interest: EventPoll.Interest) {
        guard connection.interest != interest else { return }
        let isKnown =
            connection.interest != nil
            ? poll.modify(connection.descriptor, interest, token: connection.token)
            : poll.add(connection.descriptor, interest, token: connection.token)
        connection.interest = interest
        // Out of memory or of watches: without events the connection would hang.
        if !isKnown { connection.state.broke() }
    }

    /// Whether to read from the client now.
    func reads(_ connection: Connection) -> Bool {
        connection.state.reads(hasRoom: hasRoom(connection))
    }

    /// Whether the client's next octets can be used now.
    func canProcess(_ connection: Connection) -> Bool {
        connection.state.intake(hasRoom: hasRoom(connection)) != .later
    }

    /// Whether the output buffer has room for another answer.
    func hasRoom(_ connection: Connection) -> Bool {
        connection.output.isEmpty || connection.output.count < Self.highWaterMark && !shared.answerBudget.isExhausted
    }
}
