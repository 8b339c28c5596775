/// A request, valid during the call of its handler.
///
/// It reads the connection's memory; only `String`s are copies.
public struct Request: ~Copyable {
    let exchange: Exchange

    init(_ exchange: Exchange) {
        self.exchange = exchange
    }

    /// The method.
    public var method: Method { exchange.method }

    /// The event loop that runs the handler, from 0 and below `ServerConfiguration.eventLoops`: an index for the application's
    /// scratch memory, one for each loop.
    public var loopIndex: Int { exchange.loopIndex }

    /// A number that no other request of this process has.
    public var identifier: UInt64 { exchange.identifier }

    /// Whether the answer may wait for the end of the loop's turn: other clients' events came with this request, and the server has a
    /// `ServerConfiguration.turnEnd`. See `Responder.untilTurnEnds`.
    public var mayJoinTurn: Bool { exchange.mayJoinTurn }

    /// The ID of the request, which its answer returns as `X-Request-Id`: the client's if it sent a valid one, otherwise a new one.
    public var id: RequestID { exchange.id }

    /// The client's address.
    public var peer: PeerAddress { exchange.peer }

    // MARK: Path

    /// The path as sent, percent-encoded and without the query.
    public var path: String { String(decoding: exchange.head.bytes(exchange.head.path), as: UTF8.self) }

    /// The number of parameters of the route's pattern.
    public var parameterCount: Int { exchange.segments.parameterCount }

    /// The percent-decoded parameter of the pattern, counted from 0; nil if it is not UTF-8.
    ///
    /// - Precondition: The pattern has such a parameter.
    public func parameter(_ index: Int) -> String? {
        String(validating: exchange.segments.parameter(index), as: UTF8.self)
    }

    /// Calls `body` with the percent-decoded octets of a parameter. Allocates nothing.
    ///
    /// - Precondition: The pattern has such a parameter.
    public func withParameterBytes<R>(_ index: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(exchange.segments.parameter(index))
    }

    // MARK: Content

    /// The number of octets of the content; 0 in a streaming handler, which runs before the content comes.
    public var bodyCount: Int { exchange.body.count }

    /// Calls `body` with the content. Allocates nothing.
    public func withBody<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(exchange.body)
    }

    /// Takes the content out of the connection, so that it outlives the handler. Later calls and `withBody` see the same octets.
    public func takeBody() -> Body {
        exchange.takeBody()
    }
}

@available(*, unavailable)
extension Request: Sendable {}
