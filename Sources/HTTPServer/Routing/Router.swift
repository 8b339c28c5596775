/// Answers a request whose whole content is present. Runs on an event loop: it must not block.
public typealias Handler = @Sendable (borrowing Request, consuming Responder) -> Void

/// Takes a request when its head has arrived, and gives the consumer of its content; nil when the content is of no interest. Runs on
/// an event loop: it must not block.
public typealias StreamingHandler = @Sendable (borrowing Request, consuming Responder) -> (any BodyConsumer)?

/// Which handler answers which method and path.
///
/// A pattern is a path whose segments are literal or `{name}`, which matches one segment that is not empty. Segments are split
/// before they are percent-decoded, so `%2F` stays inside a segment; literals match in decoded form. Where a literal and a parameter
/// both match, the literal goes first. Ambiguous and malformed patterns are refused by `Server.init`.
public struct Router: Sendable {
    struct Registration: Sendable {
        let method: Method
        let pattern: String
        let route: Route
    }

    private(set) var registrations: [Registration] = []

    /// Makes a router without routes.
    public init() {}

    /// Adds a route whose handler is called with the whole content.
    ///
    /// - Parameters:
    ///   - method: The method. GET answers HEAD too, unless HEAD has a route of its own.
    ///   - pattern: As `/v1/models/{model}/learn`.
    ///   - maximumBodySize: Octets of content taken; longer ones are answered with 413. Nil: the server's `maximumBodySize`.
    ///   - access: What the server's gate is told. Nil: reading for methods that are safe, else writing.
    ///   - handler: Called on an event loop.
    public mutating func on(
        _ method: Method, _ pattern: String, maximumBodySize: Int? = nil, access: RouteAccess? = nil, _ handler: @escaping Handler
    ) {
        add(method, pattern, .whole(handler), maximumBodySize, access)
    }

    /// Adds a route whose handler is called at the head, and takes the content as it arrives.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - pattern: As for `on`.
    ///   - maximumBodySize: Octets of content taken; may exceed what the server buffers, as `Int.max`. Nil: the server's
    ///     `maximumBodySize`.
    ///   - access: As for `on`.
    ///   - handler: Called on an event loop.
    public mutating func stream(
        _ method: Method, _ pattern: String, maximumBodySize: Int? = nil, access: RouteAccess? = nil,
        _ handler: @escaping StreamingHandler
    ) {
        add(method, pattern, .streaming(handler), maximumBodySize, access)
    }

    /// Adds a route that takes the content of some requests as it arrives, and that of the others whole.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - pattern: As for `on`.
    ///   - maximumBodySize: Octets of content taken whole. Nil: the server's `maximumBodySize`.
    ///   - maximumStreamSize: Octets of content taken as it arrives.
    ///   - access: As for `on`.
    ///   - isStreamed: Decides at the head, as by its media type.
    ///   - stream: Called where `isStreamed` says true.
    ///   - whole: Called where it says false.
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

    /// The routes, in the order in which they were added.
    public var routes: [(method: Method, pattern: String)] {
        registrations.map { ($0.method, $0.pattern) }
    }
}

/// One route.
final class Route: Sendable {
    enum Kind: Sendable {
        case whole(Handler)
        case streaming(StreamingHandler)
        /// Streaming where the first says so.
        case either(@Sendable (borrowing Request) -> Bool, StreamingHandler, maximumStreamSize: Int, Handler)
    }

    /// The place among `Router.routes`.
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

    /// The handler of whole contents, where there is one.
    var wholeHandler: Handler? {
        switch kind {
        case .whole(let handler), .either(_, _, _, let handler): handler
        case .streaming: nil
        }
    }
}
