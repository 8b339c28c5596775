internal import HTTPServer

/// A request that is refused, with the reason a client can act on. Nothing has changed when it is thrown.
struct Problem: Error {
    var status: Status
    var detail: String
    var retryAfter: Int?
    /// Of a request that is learned as it arrives: the rows that have been learned all the same.
    var rowsApplied: Int?
    /// The media types that would do (the Linked Data Platform's `Accept-Post`, section 7.1).
    var acceptedTypes: String?
    /// The content codings that would do (RFC 9110, section 15.5.16).
    var acceptedCodings: String?

    init(_ status: Status, _ detail: String, retryAfter: Int? = nil) {
        self.status = status
        self.detail = detail
        self.retryAfter = retryAfter
    }

    /// The answer, as `application/problem+json`.
    var response: Response {
        var headers: [HeaderField] = []
        if let retryAfter { headers.append(HeaderField("Retry-After", String(retryAfter))) }
        if let acceptedTypes { headers.append(HeaderField("Accept-Post", acceptedTypes)) }
        if let acceptedCodings { headers.append(HeaderField("Accept-Encoding", acceptedCodings)) }
        guard let rowsApplied else { return .problem(status, detail: shownDetail, headers: headers) }
        return .problem(status, detail: shownDetail, headers: headers, extending: ["rows_applied": rowsApplied])
    }

    /// The most bytes of a detail that a client is shown.
    static let maximumDetail = 4096

    /// The detail, cut where it is very long: what it quotes may be as long as the request.
    var shownDetail: String {
        guard detail.utf8.count > Self.maximumDetail else { return detail }
        return String(decoding: detail.utf8.prefix(Self.maximumDetail), as: UTF8.self) + "…"
    }
}
