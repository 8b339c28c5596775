/// An answer to a request.
public struct Response: Sendable {
    /// The status.
    public var status: Status
    /// Fields besides those that the server writes.
    public var headers: [HeaderField]
    /// The content's media type; nil omits `Content-Type`.
    public var contentType: StaticString?
    /// The content. Not sent with status 204 or 304.
    public var body: ResponseBody

    /// Creates a response.
    public init(_ status: Status, contentType: StaticString? = nil, headers: [HeaderField] = [], body: ResponseBody = .empty) {
        self.status = status
        self.headers = headers
        self.contentType = contentType
        self.body = body
    }

    /// Creates a response with octets as its content.
    public init(_ status: Status, contentType: StaticString, headers: [HeaderField] = [], bytes: [UInt8]) {
        self.init(status, contentType: contentType, headers: headers, body: .bytes(bytes))
    }

    /// The response will not be sent. Tells a producer that writes into it.
    func discard() {
        if case .stream(let stream) = body { stream.pipe.close() }
    }

    /// An error as `application/problem+json` (RFC 9457): type, title, status and detail.
    ///
    /// - Parameter members: Extension members (RFC 9457, section 3.2), with names that need no escape.
    public static func problem(
        _ status: Status, detail: String, headers: [HeaderField] = [], extending members: KeyValuePairs<StaticString, Int> = [:]
    ) -> Response {
        let content = ProblemDetails.encode(status, detail: detail, extending: members)
        return Response(status, contentType: "application/problem+json", headers: headers, bytes: content)
    }
}
