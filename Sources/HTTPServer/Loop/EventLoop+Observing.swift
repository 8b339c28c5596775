extension EventLoop {
    /// Begins the trace of the request in `head`, where somebody observes.
    func trace(_ connection: Connection, isWellFormed: Bool) {
        guard configuration.accessObserver != nil else { return }
        connection.current.trace = RequestTrace(
            id: connection.current.id, peer: connection.peer, method: isWellFormed ? head.method : nil,
            path: isWellFormed ? Array(head.bytes(head.path)) : [])
    }

    /// A response has been written, but for content that is still on its way.
    func observe(_ connection: Connection, _ info: ExchangeInfo, _ status: Status, bytes: Int) {
        guard let trace = info.trace else { return }
        if connection.transfer.isNone {
            configuration.accessObserver?(trace.record(status, bytes: bytes, isComplete: true))
        } else {
            connection.delivery = Delivery(trace: trace, status: status, bytes: 0)
        }
    }

    /// Some content has gone on its way; `isLast` when no more is to come.
    func observeProgress(_ connection: Connection, _ count: Int, isLast: Bool) {
        guard connection.delivery != nil else { return }
        connection.delivery!.bytes += count
        guard isLast, let delivery = connection.delivery else { return }
        connection.delivery = nil
        configuration.accessObserver?(delivery.trace.record(delivery.status, bytes: delivery.bytes, isComplete: true))
    }

    /// The connection ends: what is not answered by now never will be.
    func observeEnd(_ connection: Connection) {
        guard let observer = configuration.accessObserver else { return }
        if let delivery = connection.delivery {
            connection.delivery = nil
            observer(delivery.trace.record(delivery.status, bytes: delivery.bytes, isComplete: false))
        }
        for answer in connection.pending {
            if let trace = answer.info.trace { observer(trace.record(answer.response?.status, bytes: 0, isComplete: false)) }
        }
        if connection.phase == .body, connection.reception.mode == .collect, let trace = connection.current.trace {
            observer(trace.record(nil, bytes: 0, isComplete: false))
        }
    }
}
