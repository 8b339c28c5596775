internal import HTTPServer

/// An answer of an operation that is no problem.
struct Answer: Sendable {
    let status: Status
    let description: String
    var content: [MediaContent] = []
    var headers: [AnswerHeader] = []

    /// An answer with content.
    init(_ status: Status, _ description: String, _ content: MediaContent..., headers: [AnswerHeader] = []) {
        self.status = status
        self.description = description
        self.content = content
        self.headers = headers
    }
}

/// A header field of an answer.
struct AnswerHeader: Sendable {
    let name: String
    let schema: Schema
    let description: String
    /// Whether it is always there.
    var isRequired = true
}
