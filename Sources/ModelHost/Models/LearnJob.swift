/// Rows to learn, and the completion that receives the answer.
package struct LearnJob: Sendable {
    let rows: LearnRows
    /// Whether predictions may see the rows after the answer: see `UnseenRows`.
    let isForLater: Bool
    let completion: Completion<LearnAnswer>

    package init(_ rows: LearnRows, isForLater: Bool = false, _ completion: Completion<LearnAnswer>) {
        self.rows = rows
        self.isForLater = isForLater
        self.completion = completion
    }

    /// Returns the answer given earlier under the same key.
    func repeatAnswer(_ answer: LearnAnswer?) {
        // A key used for another purpose has another hash and is refused.
        if let answer { completion.succeed(answer) } else { completion.fail(ModelError(.internal, "unexpected kind of answer")) }
    }
}
