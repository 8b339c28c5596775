internal import HTTPServer

/// An answer of an operation other than a problem.
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
    /// Whether the field is always present.
    var isRequired = true
}
