/// Answers a request after its whole content has arrived. Runs on an event loop: it must not block.
public typealias Handler = @Sendable (borrowing Request, consuming Responder) -> Void

/// Takes a request when its head has arrived, and returns the consumer of its content, or nil to ignore the content. Runs on an
/// event loop: it must not block.
public typealias StreamingHandler = @Sendable (borrowing Request, consuming Responder) -> (any BodyConsumer)?

/// Maps methods and paths to handlers.
///
/// A pattern is a path whose segments are literal or `{name}`, which matches one non-empty segment. Segments are split before they
/// are percent-decoded, so `%2F` stays inside a segment; literals match in decoded form. A literal takes precedence over a
/// parameter. `Server.init` refuses ambiguous and malformed patterns.
public struct Router: Sendable {
    struct Registration: Sendable {
        let method: Method
        let pattern: String
        let route: Route
    }

    private(set) var registrations: [Registration] = []

    /// Creates a router without routes.
    public init() {}

    /// Adds a route whose handler is called with the whole content.
    ///
    /// - Parameters:
    ///   - method: The method. GET answers HEAD too, unless HEAD has a route of its own.
    ///   - pattern: For example `/v1/models/{model}/learn`.
    ///   - maximumBodySize: The most octets of content; larger requests get 413. Nil: the server's `maximumBodySize`.
    ///   - access: Passed to the server's gate. Nil: reading for safe methods, otherwise writing.
    ///   - handler: Called on an event loop.
    public mutating func on(
        _ method: Method, _ pattern: String, maximumBodySize: Int? = nil, access: RouteAccess? = nil, _ handler: @escaping Handler
    ) {
        add(method, pattern, .whole(handler), maximumBodySize, access)
    }

    /// Adds a route whose handler is called with the head, and receives the content as it arrives.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - pattern: As for `on`.
    ///   - maximumBodySize: The most octets of content; may exceed what the server buffers, up to `Int.max`. Nil: the server's
    /// `maximumBodySize`.
    ///   - access: As for `on`.
    ///   - handler: Called on an event loop.
    public mutating func stream(
        _ method: Method, _ pattern: String, maximumBodySize: Int? = nil, access: RouteAccess? = nil,
        _ handler: @escaping StreamingHandler
    ) {
        add(method, pattern, .streaming(handler), maximumBodySize, access)
    }

    /// Adds a route that streams the content of some requests, and collects that of the others.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - pattern: As for `on`.
    ///   - maximumBodySize: The most octets of collected content. Nil: the server's `maximumBodySize`.
    ///   - maximumStreamSize: The most octets of streamed content.
    ///   - access: As for `on`.
    ///   - isStreamed: Decides when the head has arrived, for example by the media type.
    ///   - stream: Called if `isStreamed` returns true.
    ///   - whole: Called if it returns false.
    public mutating func on(
        _ method: Method, _ pattern: String, maximumBodySize: Int? = nil, maximumStreamSize: Int, access: RouteAccess? = nil,
        streaming isStreamed: @escaping @Sendable (borrowing Request) -> Bool, _ stream: @escaping StreamingHandler,
        whole: @escaping Handler
    ) {
        let kind = Route.Kind.either(isStreamed, stream, maximumStreamSize: maximumStreamSize, whole)
        add(method, pattern, kind, maximumBodySize, access)
    }

    private mutating func add(_ method: Method, _ pattern: String, _ kind: Route.Kind, _ maximumBodySize: Int?, _ access: RouteAccess?) {
        let route = Route(
            index: registrations.count, pattern: pattern, kind: kind, maximumBodySize: maximumBodySize,
            access: access ?? .usual(for: method))
        registrations.append(Registration(method: method, pattern: pattern, route: route))
    }

    /// The routes, in the order they were added.
    public var routes: [(method: Method, pattern: String)] {
        registrations.map { ($0.method, $0.pattern) }
    }
}

/// One route.
final class Route: Sendable {
    enum Kind: Sendable {
        case whole(Handler)
        case streaming(StreamingHandler)
        /// Streaming if the first closure returns true.
        case either(@Sendable (borrowing Request) -> Bool, StreamingHandler, maximumStreamSize: Int, Handler)
    }

    /// The index in `Router.routes`.
    let index: Int
    let pattern: String
    let kind: Kind
    let maximumBodySize: Int?
    let access: RouteAccess

    init(index: Int, pattern: String, kind: Kind, maximumBodySize: Int?, access: RouteAccess) {
        self.index = index
        self.pattern = pattern
        self.kind = kind
        self.maximumBodySize = maximumBodySize
        self.access = access
    }

    /// The handler of collected content, if there is one.
    var wholeHandler: Handler? {
        switch kind {
        case .whole(let handler), .either(_, _, _, let handler): handler
        case .streaming: nil
        }
    }
}
