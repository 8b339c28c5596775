/// How a server listens and what it allows.
public struct ServerConfiguration: Sendable {
    /// Makes the content of errors that the server itself finds (404, 405, 413, …): the media type and the octets.
    public typealias ErrorFormatter =
        @Sendable (_ path: UnsafeRawBufferPointer, _ status: Status, _ detail: String) -> (contentType: StaticString, body: [UInt8])

    /// Answers requests that were postponed to the end of a turn, on the event loop with this index; it must not block. It is called
    /// again while it returns true: some are left.
    public typealias TurnEnd = @Sendable (_ loopIndex: Int) -> Bool

    /// The address or name to listen on; `::` means all IPv6 addresses and, if the system is set up so, all IPv4 addresses.
    public var host = "127.0.0.1"
    /// The port; 0 chooses a free one.
    public var port: UInt16 = 8080
    /// Threads that do all socket work. Handlers run on them.
    public var eventLoops = 2
    /// Open connections; more wait in the listener's queue until one closes. `Server.connectionLimit` may be lower.
    public var maximumConnections = 16384
    /// Descriptors that connections leave for the rest of the process: its files, and the server's own. If the process may have
    /// few, connections still get half of them.
    public var reservedDescriptors = 256
    /// The most octets of content in a request, unless its route sets another limit.
    public var maximumBodySize = 64 << 20
    /// The most octets that the contents of all requests to writing routes hold together; those to other routes have the same limit of
    /// their own. Beyond it, 503.
    public var maximumTotalBodyMemory = 512 << 20
    /// The most octets that all answers being sent hold together. Beyond it, requests that change nothing get 503 instead of an
    /// answer of more than 16 KiB, and pipelined ones wait. The answer to a request that changed something is never withheld.
    public var maximumTotalAnswerMemory = 512 << 20
    /// The most octets in a request line; beyond it, 414. RFC 9112, section 3 recommends at least 8000.
    public var maximumRequestLineSize = 8192
    /// The most octets in a header or trailer section; beyond it, 431.
    public var maximumHeaderSize = 32768
    /// Seconds from the first octet of a request (for the first request: from accepting the connection) to the end of its head.
    public var headerDeadline = 10.0
    /// Seconds that a request's content may fall behind `minimumBodyRate`; also the longest stall, however fast it came before.
    public var bodyDeadline = 20.0
    /// Octets of content per second that a client must send.
    public var minimumBodyRate = 1024
    /// Seconds a kept-alive connection may wait for its next request.
    public var idleTimeout = 60.0
    /// Seconds that a client may fall behind `minimumAnswerRate` when reading its answer; also the longest stall.
    public var writeTimeout = 30.0
    /// Octets of an answer per second that a client must read.
    public var minimumAnswerRate = 1024
    /// Seconds that a connection without a request stays open when the server stops, in case a request is on its way.
    public var stopGrace = 0.3
    /// Seconds to wait for the end of a refused request, so that a reset does not destroy its answer.
    public var lingerTimeout = 5.0
    /// The value of the `Server` field; empty leaves it out.
    public var serverName = "accrue"
    /// Whether answers return the request's ID as `X-Request-Id`.
    public var namesRequests = true
    /// Decides which requests reach their handlers; nil lets all pass.
    public var gate: Gate?
    /// Called at the end of each turn of an event loop in which requests were postponed (`Responder.untilTurnEnds`); nil postpones none.
    public var turnEnd: TurnEnd?
    /// Called after every finished request; nil costs nothing.
    public var accessObserver: AccessObserver?
    /// Fields of every `text/html` answer. If the answer has its own `Content-Security-Policy`, the one here is left out.
    public var htmlFields = [
        HeaderField(
            "Content-Security-Policy",
            "default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self'; style-src 'self' 'unsafe-inline'; "
                + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
        HeaderField("X-Content-Type-Options", "nosniff"), HeaderField("X-Frame-Options", "DENY"),
        HeaderField("Referrer-Policy", "no-referrer"), HeaderField("Cross-Origin-Opener-Policy", "same-origin"),
        HeaderField("Cross-Origin-Resource-Policy", "same-origin"),
    ]
    /// Makes the content of the server's own errors. The default is RFC 9457 `application/problem+json`.
    public var errorFormatter: ErrorFormatter = { _, status, detail in
        ("application/problem+json", ProblemDetails.encode(status, detail: detail))
    }

    /// The defaults.
    public init() {}

    /// Throws if a value is out of range.
    func validate() throws(ServerError) {
        guard (1...256).contains(eventLoops) else { throw .invalidConfiguration("eventLoops must be 1 to 256") }
        guard maximumConnections > 0 else { throw .invalidConfiguration("maximumConnections must be positive") }
        guard reservedDescriptors >= 0 else { throw .invalidConfiguration("reservedDescriptors must not be negative") }
        guard maximumBodySize >= 0, maximumTotalBodyMemory >= 0 else { throw .invalidConfiguration("body limits must not be negative") }
        guard maximumTotalAnswerMemory >= 0 else { throw .invalidConfiguration("maximumTotalAnswerMemory must not be negative") }
        guard (256...1 << 20).contains(maximumRequestLineSize) else {
            throw .invalidConfiguration("maximumRequestLineSize must be 256 to 1048576")
        }
        guard (256...1 << 24).contains(maximumHeaderSize) else {
            throw .invalidConfiguration("maximumHeaderSize must be 256 to 16777216")
        }
        guard minimumBodyRate > 0, minimumAnswerRate > 0 else { throw .invalidConfiguration("a minimum rate must be positive") }
        guard stopGrace >= 0, stopGrace <= 1e6 else { throw .invalidConfiguration("stopGrace must be 0 to 1e6 s") }
        for seconds in [headerDeadline, bodyDeadline, idleTimeout, writeTimeout, lingerTimeout] {
            guard seconds > 0, seconds <= 1e6 else { throw .invalidConfiguration("a deadline must be positive and at most 1e6 s") }
        }
        guard serverName.utf8.allSatisfy({ Octets.isFieldValue($0) }) else {
            throw .invalidConfiguration("serverName has a control character")
        }
    }
}
