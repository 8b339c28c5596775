internal import Concurrency

extension EventLoop {
    /// Begins to count the request in `head`, and to trace it if there is an observer.
    func trace(_ connection: Connection, isWellFormed: Bool) {
        let method = isWellFormed ? head.method : nil
        connection.current.slot = handle.counters.slot(withoutRoute: method)
        connection.current.start = MonotonicClock.nanoseconds
        handle.counters.begin()
        guard configuration.accessObserver != nil else { return }
        connection.current.trace = RequestTrace(
            id: connection.current.id, peer: connection.peer, method: method, path: isWellFormed ? Array(head.bytes(head.path)) : [])
    }

    /// The current request has found its route.
    func trace(_ connection: Connection, reached route: Route) {
        connection.current.slot = handle.counters.slot(route.index, isHead: connection.current.isHead)
        connection.current.trace?.route = route
    }

    /// A response has been written, except for content that is still being sent.
    func observe(_ connection: Connection, _ info: ExchangeInfo, _ status: Status, bytes: Int) {
        if connection.transfer.isNone {
            conclude(info, status, bytes: bytes, isComplete: true)
        } else {
            connection.delivery = Delivery(info: info, status: status, bytes: 0)
        }
    }

    /// Some content has been sent; `isLast` if no more follows.
    func observeProgress(_ connection: Connection, _ count: Int, isLast: Bool) {
        guard connection.delivery != nil else { return }
        connection.delivery!.bytes += count
        guard isLast, let delivery = connection.delivery else { return }
        connection.delivery = nil
        conclude(delivery.info, delivery.status, bytes: delivery.bytes, isComplete: true)
    }

    /// A request gets no answer, though its connection is still open.
    func observeDropped(_ answer: PendingAnswer) {
        conclude(answer.info, answer.response?.status, bytes: 0, isComplete: false)
    }

    /// The connection ends: unanswered requests will never be answered.
    func observeEnd(_ connection: Connection) {
        if let delivery = connection.delivery {
            connection.delivery = nil
            conclude(delivery.info, delivery.status, bytes: delivery.bytes, isComplete: false)
        }
        for answer in connection.pending { observeDropped(answer) }
        if connection.state.isUnanswered { conclude(connection.current, nil, bytes: 0, isComplete: false) }
    }

    /// Counts a finished request and reports it to the observer.
    private func conclude(_ info: ExchangeInfo, _ status: Status?, bytes: Int, isComplete: Bool) {
        let duration = MonotonicClock.nanoseconds - info.start
        handle.counters.end(info.slot, status, bytes: bytes, nanoseconds: duration, isComplete: isComplete)
        guard let trace = info.trace else { return }
        configuration.accessObserver?(trace.record(status, bytes: bytes, duration: duration, isComplete: isComplete))
    }
}
