internal import HTTPServer

/// A problem with which an operation may answer.
struct Refusal: Sendable {
    let status: Status
    /// When it happens.
    private(set) var reason: String
    /// An example of the detail.
    var detail: String?
    var headers: [AnswerHeader] = []

    /// A problem.
    init(_ status: Status, _ reason: String, detail: String? = nil, headers: [AnswerHeader] = []) {
        self.status = status
        self.reason = reason
        self.detail = detail
        self.headers = headers
    }

    /// Adds another reason for the same status.
    mutating func add(_ other: Refusal) {
        if !reason.contains(other.reason) { reason += " " + other.reason }
        detail = detail ?? other.detail
        for header in other.headers where !headers.contains(where: { $0.name == header.name }) { headers.append(header) }
    }
}
