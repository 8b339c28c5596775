/// One line of an access log: a request and its outcome.
public struct AccessRecord: Sendable {
    /// When the request's head was complete, in nanoseconds since 1970.
    public let time: Int64
    /// The request's ID.
    public let id: RequestID
    /// The client's address.
    public let peer: PeerAddress
    /// The method; nil if the head was malformed or the method is unknown.
    public let method: Method?
    /// The path as sent, without the query; empty if the head was malformed.
    public let path: [UInt8]
    /// The index of its route in `Router.routes`; nil if no route has the path and the method. A request refused by the gate has
    /// the route it asked for.
    public let routeIndex: Int?
    /// The pattern of that route, such as `/v1/models/{model}/learn`. Reading it copies nothing.
    public let pattern: String?
    /// The status; nil if the client left before there was one.
    public let status: Status?
    /// Octets of the answer's content, without chunk framing; 0 for HEAD.
    public let bytes: Int
    /// From the head to the answer's last octet, in nanoseconds.
    public let duration: Int64
    /// Whether the whole answer has been given to the connection.
    public let isComplete: Bool
}

/// Called for every request after its answer has been written, on an event loop: it must not block.
public typealias AccessObserver = @Sendable (borrowing AccessRecord) -> Void
