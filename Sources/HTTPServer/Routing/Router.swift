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
    ///   - handler: Called on an event loop.
    public mutating func on(_ method: Method, _ pattern: String, maximumBodySize: Int? = nil, _ handler: @escaping Handler) {
        let route = Route(kind: .whole(handler), maximumBodySize: maximumBodySize)
        registrations.append(Registration(method: method, pattern: pattern, route: route))
    }

    /// Adds a route whose handler is called at the head, and takes the content as it arrives.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - pattern: As for `on`.
    ///   - maximumBodySize: Octets of content taken; may exceed what the server buffers, as `Int.max`. Nil: the server's
    ///     `maximumBodySize`.
    ///   - handler: Called on an event loop.
    public mutating func stream(
        _ method: Method, _ pattern: String, maximumBodySize: Int? = nil, _ handler: @escaping StreamingHandler
    ) {
        let route = Route(kind: .streaming(handler), maximumBodySize: maximumBodySize)
        registrations.append(Registration(method: method, pattern: pattern, route: route))
    }

    /// The routes, in the order in which they were added.
    public var routes: [(Method, String)] {
        registrations.map { ($0.method, $0.pattern) }
    }
}

/// One route.
final class Route: Sendable {
    enum Kind: Sendable {
        case whole(Handler)
        case streaming(StreamingHandler)
    }

    let kind: Kind
    let maximumBodySize: Int?

    init(kind: Kind, maximumBodySize: Int?) {
        self.kind = kind
        self.maximumBodySize = maximumBodySize
    }
}
