internal import HTTPServer

/// A request that is refused, with the reason a client can act on. Nothing has changed when it is thrown.
struct Problem: Error {
    var status: Status
    var detail: String
    var retryAfter: Int?

    init(_ status: Status, _ detail: String, retryAfter: Int? = nil) {
        self.status = status
        self.detail = detail
        self.retryAfter = retryAfter
    }

    /// The answer, as `application/problem+json`.
    var response: Response {
        .problem(status, detail: detail, headers: retryAfter.map { [HeaderField("Retry-After", String($0))] } ?? [])
    }

    static func unknownModel(_ name: String) -> Problem {
        Problem(.notFound, "there is no model named \"\(name)\"")
    }

    static func deletedModel(_ name: String) -> Problem {
        Problem(.notFound, "the model \"\(name)\" was deleted")
    }

    static func busy(_ what: String) -> Problem {
        Problem(.serviceUnavailable, what, retryAfter: 1)
    }

    static func doesNotFit(_ what: String, bytes: Int?, budget: MemoryBudget) -> Problem {
        let need = bytes.map { "would take \($0) bytes" } ?? "would take more bytes than can be counted"
        return Problem(
            .unprocessableContent,
            "\(what) \(need); all models together may take \(budget.limit), of which \(budget.used) are taken")
    }
}
