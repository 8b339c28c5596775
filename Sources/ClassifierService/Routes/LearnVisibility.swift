internal import HTTPServer

/// `?visible=now|later`: when predictions use learned rows.
enum LearnVisibility: Sendable {
    /// Before the answer.
    case now
    /// After a load; see `UnseenRows`.
    case later

    /// - Throws: 400 that names the parameter and the expected value.
    init(_ request: borrowing Request) throws(Problem) {
        guard request.hasQuery else {
            self = .now
            return
        }
        switch request.query("visible") {
        case nil, "now": self = .now
        case "later": self = .later
        case let text?: throw Problem(.badRequest, "\"visible\" is \"\(text.prefix(160))\", expected now or later")
        }
    }
}
