internal import HTTPServer

/// A problem that a route may answer with because of its properties, before its handler is called.
struct SharedRefusal: Sendable {
    /// Its name among the document's components.
    let name: String
    let refusal: Refusal
    private let isOf: @Sendable (Operation, _ usesTokens: Bool) -> Bool

    /// Whether an operation may answer with it.
    func concerns(_ operation: Operation, usesTokens: Bool) -> Bool { isOf(operation, usesTokens) }

    static let all: [SharedRefusal] = [
        SharedRefusal(
            name: "BadRequest",
            refusal: Refusal(.badRequest, "The request is malformed, its path contains an encoded NUL, or its query is invalid."),
            isOf: { _, _ in true }),
        SharedRefusal(
            name: "Unauthorized",
            refusal: Refusal(
                .unauthorized, "The token is missing or unknown.",
                detail: "this call needs a token: Authorization: Bearer TOKEN", headers: [.authenticate]),
            isOf: { $1 && $0.access != .anyone }),
        SharedRefusal(
            name: "OriginForbidden",
            refusal: Refusal(.forbidden, "Web pages of this origin may not call the server."),
            isOf: { !$1 || $0.access != .writing }),
        SharedRefusal(
            name: "Forbidden",
            refusal: Refusal(
                .forbidden, "The token only allows reading, or web pages of this origin may not call the server.",
                detail: "this call needs a write token, but the token is a read token",
                headers: [.optionalAuthenticate]),
            isOf: { $1 && $0.access == .writing }),
        SharedRefusal(
            name: "RequestTimeout", refusal: Refusal(.requestTimeout, "The content did not arrive in time."),
            isOf: { operation, _ in operation.body != nil }),
        SharedRefusal(
            name: "ContentTooLarge", refusal: Refusal(.contentTooLarge, "The content is too large."),
            isOf: { operation, _ in operation.body != nil }),
        SharedRefusal(name: "URITooLong", refusal: Refusal(.uriTooLong, "The request line is too long."), isOf: { _, _ in true }),
        SharedRefusal(
            name: "UnsupportedMediaType",
            refusal: Refusal(
                .unsupportedMediaType, "The body's format or its `Content-Encoding` is not supported.", headers: [.acceptEncoding]),
            isOf: { operation, _ in operation.body != nil }),
        SharedRefusal(
            name: "MisdirectedRequest", refusal: Refusal(.misdirectedRequest, "`Host` is not a name of this server."),
            isOf: { _, _ in true }),
        SharedRefusal(
            name: "HeaderFieldsTooLarge", refusal: Refusal(.requestHeaderFieldsTooLarge, "The header section is too large."),
            isOf: { _, _ in true }),
        SharedRefusal(
            name: "InternalServerError",
            refusal: Refusal(.internalServerError, "The server failed unexpectedly; see its log."),
            isOf: { operation, _ in operation.access != .anyone }),
        SharedRefusal(
            name: "ServiceUnavailable",
            refusal: Refusal(
                .serviceUnavailable, "The contents of all requests, or the answers to them, take too much memory; try again later.",
                headers: [.retryAfter]),
            isOf: { operation, _ in operation.body != nil || operation.access == .reading }),
    ]
}

extension AnswerHeader {
    fileprivate static let acceptEncoding = AnswerHeader(
        name: "Accept-Encoding", schema: .string(), description: "The supported content codings.", isRequired: false)
    fileprivate static let authenticate = AnswerHeader(
        name: "WWW-Authenticate", schema: .string(pattern: "^Bearer "), description: "The scheme and the error.")
    fileprivate static var optionalAuthenticate: AnswerHeader {
        var header = authenticate
        header.isRequired = false
        return header
    }
    static let requestID = AnswerHeader(
        name: "X-Request-Id", schema: .string(pattern: "^[A-Za-z0-9._~+/=:-]{1,64}$"), description: "The ID of the request.")
}
