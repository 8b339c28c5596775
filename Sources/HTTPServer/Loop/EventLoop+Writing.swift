internal import Concurrency

extension EventLoop {
    /// Octets of one response sent in one turn.
    private static let bytesPerTurn = 4 << 20

    /// Gives the current connection the loop's output buffer, if it has none of its own.
    func lendOutput(_ connection: Connection) {
        if connection.output.capacity == 0 { swap(&connection.output, &spareOutput) }
    }

    /// Takes the buffer back, unless output is left in it.
    func returnOutput(_ connection: Connection) {
        if connection.output.isEmpty {
            if spareOutput.capacity == 0 {
                swap(&connection.output, &spareOutput)
                if spareOutput.capacity > 4 * Self.highWaterMark { spareOutput = ByteBuffer(capacity: Self.highWaterMark) }
            } else {
                connection.output.release()
            }
        } else if spareOutput.capacity == 0 {
            if connection.output.count * 4 < connection.output.capacity {
                var small = ByteBuffer()
                small.append(connection.output.bytes)
                swap(&small, &connection.output)
                small.removeAll()
                swap(&small, &spareOutput)
            } else {
                spareOutput = ByteBuffer(capacity: Self.highWaterMark)
            }
        }
    }

    /// Completes the handling of any event: sends, continues with input that was held back, then closes the connection or waits for
    /// the next event.
    func settle(_ connection: Connection) {
        guard connection.state.isOpen else { return }
        repeat {
            flush(connection)
            connection.state.flushed(hasOutput: !connection.output.isEmpty)
        } while !connection.input.isEmpty && canProcess(connection) && processInput(connection)
        assert(connection.isConsistent)
        var action = connection.state.settled(
            hasInput: !connection.input.isEmpty, hasOutput: !connection.output.isEmpty, isStopping: isStopping, isGraceOver: isGraceOver)
        if action == .probe { action = connection.state.probed(foundOctets: hasUnreadOctets(connection)) }
        switch action {
        case .wait, .probe: watch(connection)
        case .sayGoodbye:
            connection.input.release()
            SystemCall.shutdownWriting(connection.descriptor)
            watch(connection)
        case .close: break
        }
        // If the epoll could not watch it, the connection would hang.
        if connection.state.isBroken {
            returnBuffers(connection)
            close(connection)
            return
        }
        returnOutput(connection)
        countOutput(connection)
    }

    /// Whether the kernel's buffer has octets from the client. They are of no use any more and dropped.
    private func hasUnreadOctets(_ connection: Connection) -> Bool {
        if case .bytes = SystemCall.receive(connection.descriptor, into: receiveBuffer) { true } else { false }
    }

    /// Counts the octets of small answers that a client leaves unread; most leave none.
    private func countOutput(_ connection: Connection) {
        let held = connection.output.capacity
        guard held != connection.countedOutput else { return }
        shared.answerBudget.take(held - connection.countedOutput)
        connection.countedOutput = held
    }

    private func returnBuffers(_ connection: Connection) {
        connection.output.removeAll()
        returnOutput(connection)
    }

    /// Sets the epoll and the timer to what the connection waits for.
    private func watch(_ connection: Connection) {
        var interest = connection.interest ?? []
        if connection.state.isWriteBlocked { interest.insert(.write) } else { interest.remove(.write) }
        if connection.transfer.endsWithClient { interest.insert(.peerClosed) } else { interest.remove(.peerClosed) }
        if reads(connection) { interest.insert(.read) }
        setInterest(connection, interest)
        let awaited = connection.state.awaited(
            hasInput: !connection.input.isEmpty, hasOutput: !connection.output.isEmpty,
            isFresh: connection.timer.phase == .head && connection.current.sequence == 0)
        connection.timer.enter(awaited, at: now)
        noteDeadline(connection)
    }

    /// Sends what there is, as far as the socket accepts it.
    func flush(_ connection: Connection) {
        var budget = Self.bytesPerTurn
        while !connection.state.isBroken, !connection.state.isWriteBlocked {
            if !connection.output.isEmpty {
                let more = hasContentToFollow(connection)
                account(connection, SystemCall.send(connection.descriptor, connection.output.bytes, more: more)) { connection, count in
                    connection.output.consume(count)
                }
                continue
            }
            switch connection.transfer {
            case .none:
                guard connection.pending.first?.response != nil else { return }
                writeReady(connection)
            case .bytes(let bytes, let sent, let memory):
                let result = bytes.withUnsafeBytes { all in
                    let end = min(all.count, sent + (1 << 20))
                    return SystemCall.send(connection.descriptor, all.part(sent..<end), more: false)
                }
                account(connection, result) { connection, count in
                    budget -= count
                    let isLast = sent + count >= bytes.count
                    if isLast { connection.endTransfer() } else { connection.continueTransfer(.bytes(bytes, sent: sent + count, memory)) }
                    observeProgress(connection, count, isLast: isLast)
                }
            case .file(let file, let sent):
                let amount = min(file.length - sent, 1 << 20)
                let result = SystemCall.sendFile(
                    connection.descriptor, from: file.descriptor, offset: file.offset + sent, count: amount)
                // The file is shorter than announced: only a closed connection shows it to the client.
                if result == .bytes(0) { connection.state.broke() }
                account(connection, result) { connection, count in
                    budget -= count
                    file.noteProgress(at: now)
                    let isLast = sent + count >= file.length
                    if isLast { connection.endTransfer() } else { connection.continueTransfer(.file(file, sent: sent + count)) }
                    observeProgress(connection, count, isLast: isLast)
                }
            case .stream(let pipe, let isChunked, _):
                guard pump(connection, pipe, isChunked) else { return }
            }
            if budget <= 0 {
                // Other connections first: the socket is still writable, so epoll reports it again.
                connection.state.writeBlocked()
            }
        }
    }

    private func account(_ connection: Connection, _ result: SystemCall.Transfer, _ sent: (Connection, Int) -> Void) {
        switch result {
        case .bytes(let count):
            connection.timer.writeProgressed(count, at: now, policy)
            sent(connection, count)
        case .wouldBlock: connection.state.writeBlocked()
        case .failed, .end: connection.state.broke()
        }
    }

    /// Whether content follows at once, so that the head need not be a separate packet.
    private func hasContentToFollow(_ connection: Connection) -> Bool {
        switch connection.transfer {
        case .bytes, .file: true
        case .none, .stream: false
        }
    }

    /// Moves what a stream has ready into the output; false if it has nothing yet.
    private func pump(_ connection: Connection, _ pipe: StreamPipe, _ isChunked: Bool) -> Bool {
        switch pipe.take() {
        case .nothingYet:
            return false
        case .octets(let octets):
            if isChunked {
                connection.output.append(hexadecimal: octets.count)
                connection.output.append("\r\n")
            }
            octets.withUnsafeBytes { connection.output.append($0) }
            if isChunked { connection.output.append("\r\n") }
            observeProgress(connection, octets.count, isLast: false)
        case .finished:
            if isChunked { connection.output.append("0\r\n\r\n") }
            pipe.close()
            connection.endTransfer()
            observeProgress(connection, 0, isLast: true)
        case .broken:
            connection.state.broke()
        }
        return true
    }
}
