extension EventLoop {
    /// Milliseconds until a kernel queue that could not be emptied is checked again.
    private static let backlogInterval: Int64 = 10

    /// Whether no work is left. If so, it closes the mailbox, which refuses later messages.
    var hasEnded: Bool {
        guard isStopping else { return false }
        if now >= stopDeadline { return true }
        return openCount == 0 && backlogLeft == 0 && waitingMessages.isEmpty && handle.mailbox.closeIfEmpty()
    }

    /// When the loop must act, while it is stopping.
    var nextStep: Int64 {
        let step = isGraceOver ? stopDeadline : min(graceEnd, stopDeadline)
        return backlogLeft > 0 ? min(step, now + Self.backlogInterval) : step
    }

    /// Begins to stop, or brings the deadline forward.
    func stop(_ deadline: Int64) {
        guard !isStopping else {
            stopDeadline = min(stopDeadline, deadline)
            return
        }
        isStopping = true
        stopDeadline = deadline
        graceEnd = now + Int64(configuration.stopGrace * 1000)
        for connection in connections where connection.state.isOpen {
            lendOutput(connection)
            connection.state.stopRequested()
            // A request may lie in the kernel's buffer.
            if connection.isQuiescent { read(connection) }
            settle(connection)
        }
        if isListening { stopListening(until: .max) }
        listenAgainAt = .max
        shared.listener.holdBack()
        // The queue holds no more than this; later ones are refused.
        backlogLeft = Int(Listener.backlog) + 1
        takeBacklog()
    }

    /// What is due while the loop is stopping.
    func goOnStopping() {
        if backlogLeft > 0 { takeBacklog() }
        if !isGraceOver, now >= graceEnd { endGrace() }
    }

    /// Takes the connections that the kernel has accepted: their clients may have sent requests. If there is no room for all, the
    /// rest follow as others close.
    private func takeBacklog() {
        while backlogLeft > 0, shared.admit() {
            let result = SystemCall.accept(shared.listener.descriptor)
            if case .connection(let descriptor, let peer) = result {
                backlogLeft -= 1
                place(descriptor, peer)
                continue
            }
            shared.dismiss()
            switch result {
            case .connection: break
            case .lost: backlogLeft -= 1
            case .exhausted: return
            case .wouldBlock:
                // A handshake may still be completing: the queue must be empty twice.
                backlogClosesAt = min(backlogClosesAt, now + Self.backlogInterval)
                guard now >= backlogClosesAt else { return }
                backlogLeft = 0
            case .failed: backlogLeft = 0
            }
        }
        if backlogLeft == 0 { shared.loopStoppedListening() }
    }

    /// The time for one more request is over; connections without one are closed.
    private func endGrace() {
        isGraceOver = true
        for connection in connections where connection.state.isOpen {
            lendOutput(connection)
            if connection.isQuiescent { read(connection) }
            settle(connection)
        }
        // There is room for those that waited in the queue.
        if backlogLeft > 0 { takeBacklog() }
    }

    /// Ends what is left at the deadline.
    func finish() {
        for connection in connections { close(connection) }
        connections.removeAll()
        if backlogLeft > 0 {
            backlogLeft = 0
            shared.loopStoppedListening()
        }
        for message in waitingMessages + handle.mailbox.close() {
            switch message {
            case .adopt(let descriptor, _):
                SystemCall.close(descriptor)
                shared.dismiss()
            case .answer(_, _, let response): response?.discard()
            case .resume, .pump, .breakOff, .stop: break
            }
        }
    }
}
