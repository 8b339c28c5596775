import Synchronization

extension EventLoop {
    /// How long a connection is idle, in milliseconds, before it may be closed for a new one.
    private static let leastIdleTime: Int64 = 1000

    /// Watches the listener, unless the server is stopping.
    func listen() {
        guard !isListening, !isStopping else { return }
        isListening = poll.add(shared.listener.descriptor, [.read, .exclusive], token: Self.listenerToken)
        if !isListening { listenAgainAt = now + 1000 }
    }

    func stopListening(until time: Int64) {
        poll.remove(shared.listener.descriptor)
        isListening = false
        listenAgainAt = time
    }

    func acceptConnections() {
        guard isListening else { return }
        for _ in 0..<64 {
            guard shared.admit() else {
                // The others wait in the kernel's queue; a connection that closes makes this loop listen again.
                stopListening(until: now + 100)
                closeIdleConnections()
                return
            }
            let result = SystemCall.accept(shared.listener.descriptor)
            if case .connection(let descriptor, let peer) = result {
                place(descriptor, peer)
                continue
            }
            shared.dismiss()
            switch result {
            case .connection, .lost: continue
            case .wouldBlock: return
            case .exhausted:
                // A level-triggered listener would spin: look again when descriptors may have become free.
                stopListening(until: now + 200)
                return
            case .failed:
                stopListening(until: now + 1000)
                return
            }
        }
    }

    /// Keeps a new connection, or hands it to the loop with the fewest if this one has clearly more.
    func place(_ descriptor: Int32, _ peer: PeerAddress) {
        let mine = handle.load.load(ordering: .relaxed)
        if !isStopping, let other = shared.leastLoaded(), other !== handle, other.load.load(ordering: .relaxed) + 2 < mine {
            other.load.wrappingAdd(1, ordering: .relaxed)
            if other.mailbox.post(.adopt(descriptor, peer)) { return }
            other.load.wrappingSubtract(1, ordering: .relaxed)
        }
        handle.load.wrappingAdd(1, ordering: .relaxed)
        adopt(descriptor, peer)
    }

    func adopt(_ descriptor: Int32, _ peer: PeerAddress) {
        handle.accepted.wrappingAdd(1, ordering: .relaxed)
        let connection = freeConnection()
        connection.open(descriptor, peer, at: now)
        openCount += 1
        // The request is often there already: a connection that is answered and closed at once is never added to the epoll.
        lendOutput(connection)
        read(connection)
        settle(connection)
    }

    /// At the limit of connections, closes idle ones to make room for new clients.
    private func closeIdleConnections() {
        var left = 64
        for connection in connections where connection.isQuiescent && connection.timer.isIdle(since: now - Self.leastIdleTime) {
            close(connection)
            left -= 1
            if left == 0 { return }
        }
    }
}
