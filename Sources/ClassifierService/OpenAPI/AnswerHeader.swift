/// A header field of an answer.
struct AnswerHeader: Sendable {
    let name: String
    let schema: Schema
    let description: String
    /// Whether it is always there.
    var isRequired = true
}
