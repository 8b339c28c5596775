internal import HTTPServer

/// A refused request, with a reason that the client can act on. Nothing has changed when it is thrown.
struct Problem: Error {
    var status: Status
    var detail: String
    var retryAfter: Int?
    /// For a request learned as it arrives: the number of rows that were learned anyway.
    var rowsApplied: Int?
    /// The accepted media types (the Linked Data Platform's `Accept-Post`, section 7.1).
    var acceptedTypes: String?
    /// The accepted content codings (RFC 9110, section 15.5.16).
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

    /// The most bytes of a detail shown to a client.
    static let maximumDetail = 4096

    /// The detail, cut if it is very long: a quotation in it may be as long as the request.
    var shownDetail: String {
        guard detail.utf8.count > Self.maximumDetail else { return detail }
        return String(decoding: detail.utf8.prefix(Self.maximumDetail), as: UTF8.self) + "…"
    }
}
