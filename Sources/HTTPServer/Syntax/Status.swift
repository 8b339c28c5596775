/// A response status: a code of three digits with its reason phrase.
public struct Status: Sendable, Hashable, CustomStringConvertible {
    /// The code, 200 to 599.
    public let code: UInt16

    /// Creates a status.
    ///
    /// - Precondition: `code` is in 200...599; interim responses are the server's own.
    public init(_ code: UInt16) {
        precondition((200...599).contains(code), "a final status is 200 to 599")
        self.code = code
    }

    /// 200: the request succeeded.
    public static let ok = Status(200)
    /// 201: something was created.
    public static let created = Status(201)
    /// 202: accepted for later processing.
    public static let accepted = Status(202)
    /// 204: succeeded, with no content.
    public static let noContent = Status(204)
    /// 303: the answer is at another URL.
    public static let seeOther = Status(303)
    /// 304: the client's copy is current.
    public static let notModified = Status(304)
    /// 400: the request is malformed.
    public static let badRequest = Status(400)
    /// 401: credentials are missing or wrong.
    public static let unauthorized = Status(401)
    /// 403: not allowed.
    public static let forbidden = Status(403)
    /// 404: nothing found.
    public static let notFound = Status(404)
    /// 405: the resource does not have this method.
    public static let methodNotAllowed = Status(405)
    /// 406: no acceptable form exists.
    public static let notAcceptable = Status(406)
    /// 408: the request did not arrive in time.
    public static let requestTimeout = Status(408)
    /// 409: the request conflicts with the current state.
    public static let conflict = Status(409)
    /// 410: permanently removed.
    public static let gone = Status(410)
    /// 411: a Content-Length is required.
    public static let lengthRequired = Status(411)
    /// 412: a precondition failed.
    public static let preconditionFailed = Status(412)
    /// 413: the content is too large.
    public static let contentTooLarge = Status(413)
    /// 414: the request target is too long.
    public static let uriTooLong = Status(414)
    /// 415: the content's type is not supported.
    public static let unsupportedMediaType = Status(415)
    /// 416: the range is not available.
    public static let rangeNotSatisfiable = Status(416)
    /// 417: the expectation cannot be met.
    public static let expectationFailed = Status(417)
    /// 421: not this server's authority.
    public static let misdirectedRequest = Status(421)
    /// 422: well-formed, but its meaning is wrong.
    public static let unprocessableContent = Status(422)
    /// 428: a precondition is required.
    public static let preconditionRequired = Status(428)
    /// 429: too many requests.
    public static let tooManyRequests = Status(429)
    /// 431: the header section is too large.
    public static let requestHeaderFieldsTooLarge = Status(431)
    /// 500: the server failed.
    public static let internalServerError = Status(500)
    /// 501: not implemented.
    public static let notImplemented = Status(501)
    /// 503: temporarily unavailable.
    public static let serviceUnavailable = Status(503)
    /// 504: an upstream server did not answer in time.
    public static let gatewayTimeout = Status(504)
    /// 505: the HTTP version is not supported.
    public static let httpVersionNotSupported = Status(505)
    /// 507: no space to store it.
    public static let insufficientStorage = Status(507)

    /// All statuses named here, ascending.
    static let named: [Status] = [
        .ok, .created, .accepted, .noContent, .seeOther, .notModified, .badRequest, .unauthorized, .forbidden, .notFound,
        .methodNotAllowed, .notAcceptable, .requestTimeout, .conflict, .gone, .lengthRequired, .preconditionFailed,
        .contentTooLarge, .uriTooLong, .unsupportedMediaType, .rangeNotSatisfiable, .expectationFailed, .misdirectedRequest,
        .unprocessableContent, .preconditionRequired, .tooManyRequests, .requestHeaderFieldsTooLarge, .internalServerError,
        .notImplemented, .serviceUnavailable, .gatewayTimeout, .httpVersionNotSupported, .insufficientStorage,
    ]

    /// The reason phrase of RFC 9110, or a generic one for a code not named here.
    public var reason: StaticString {
        switch code {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 303: "See Other"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 507: "Insufficient Storage"
        case 200..<300: "Success"
        case 300..<400: "Redirection"
        case 400..<500: "Client Error"
        default: "Server Error"
        }
    }

    /// Whether a response with this status never has content (RFC 9110, section 6.4.1).
    var excludesContent: Bool { code == 204 || code == 304 }

    /// For example `404 Not Found`.
    public var description: String { "\(code) \(reason)" }
}
