internal import HTTPServer

/// The service's routes. Routes are only added here, so that every route is described.
struct RouteSet {
    private(set) var router = Router()
    /// In the order in which they were added, like the router's routes.
    private(set) var operations: [Operation] = []

    /// Adds a route whose handler is called with the whole content.
    ///
    /// - Parameters:
    ///   - operation: the route's description, including method and path.
    ///   - maximumBodySize: the most octets of content; nil for the server's limit.
    ///   - handler: called on an event loop.
    mutating func on(_ operation: Operation, maximumBodySize: Int? = nil, _ handler: @escaping Handler) {
        router.on(
            operation.method, operation.path, maximumBodySize: maximumBodySize, access: operation.access,
            Self.checked(operation, handler))
        operations.append(operation)
    }

    /// Adds a route whose handler is called after the head and receives the content as it arrives.
    mutating func stream(_ operation: Operation, maximumBodySize: Int? = nil, _ handler: @escaping StreamingHandler) {
        router.stream(
            operation.method, operation.path, maximumBodySize: maximumBodySize, access: operation.access,
            Self.checked(operation, handler))
        operations.append(operation)
    }

    /// Adds a route that receives the content of some requests as it arrives, and of the others whole; see `Router`.
    mutating func on(
        _ operation: Operation, maximumBodySize: Int? = nil, maximumStreamSize: Int,
        streaming isStreamed: @escaping @Sendable (borrowing Request) -> Bool, _ stream: @escaping StreamingHandler,
        whole: @escaping Handler
    ) {
        router.on(
            operation.method, operation.path, maximumBodySize: maximumBodySize, maximumStreamSize: maximumStreamSize,
            access: operation.access, streaming: isStreamed, Self.checked(operation, stream), whole: Self.checked(operation, whole))
        operations.append(operation)
    }

    private static func checked(_ operation: Operation, _ handler: @escaping Handler) -> Handler {
        guard let check = RequestCheck(operation) else { return handler }
        let form = operation.errorForm
        return { request, responder in
            if let problem = check.problem(request) { return responder.send(form.response(problem)) }
            handler(request, responder)
        }
    }

    private static func checked(_ operation: Operation, _ handler: @escaping StreamingHandler) -> StreamingHandler {
        guard let check = RequestCheck(operation) else { return handler }
        let form = operation.errorForm
        return { request, responder in
            if let problem = check.problem(request) {
                responder.send(form.response(problem))
                return nil
            }
            return handler(request, responder)
        }
    }
}
