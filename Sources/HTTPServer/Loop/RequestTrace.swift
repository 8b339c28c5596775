internal import Concurrency

/// What an access record needs of the request; made only for an observer.
final class RequestTrace {
    let id: RequestID
    let peer: PeerAddress
    let method: Method?
    let path: [UInt8]
    /// Nil until it is found.
    var route: Route?
    let time = WallClock.nanoseconds

    init(id: RequestID, peer: PeerAddress, method: Method?, path: [UInt8]) {
        self.id = id
        self.peer = peer
        self.method = method
        self.path = path
    }

    func record(_ status: Status?, bytes: Int, duration: Int64, isComplete: Bool) -> AccessRecord {
        AccessRecord(
            time: time, id: id, peer: peer, method: method, path: path, routeIndex: route?.index, pattern: route?.pattern, status: status,
            bytes: bytes, duration: duration, isComplete: isComplete)
    }
}
