/// One line of an access log: a request and what became of it.
public struct AccessRecord: Sendable {
    /// When the request's head was whole, in nanoseconds since 1970.
    public let time: Int64
    /// The request's name.
    public let id: RequestID
    /// Where it came from.
    public let peer: PeerAddress
    /// The method; nil where the head was malformed or the method is not known.
    public let method: Method?
    /// The path as it was sent, without the query; empty where the head was malformed.
    public let path: [UInt8]
    /// The place of its route among `Router.routes`, for counting by route; nil where the request reached none: there is nothing at the
    /// path, or not with this method. A request that the gate refused has the route it was for.
    public let routeIndex: Int?
    /// The pattern of that route, as `/v1/models/{model}/learn`. The route's own text: reading it copies nothing.
    public let pattern: String?
    /// The status; nil where the client had gone before there was one.
    public let status: Status?
    /// Octets of the answer's content, without chunk framing; 0 for HEAD.
    public let bytes: Int
    /// From the head to the answer's last octet, in nanoseconds.
    public let duration: Int64
    /// Whether the whole answer has been given to the connection.
    public let isComplete: Bool
}

/// Is told of every request when its answer has been written. Runs on an event loop: it must not block.
public typealias AccessObserver = @Sendable (borrowing AccessRecord) -> Void
