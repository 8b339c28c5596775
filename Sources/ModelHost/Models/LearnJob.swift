/// Rows to learn, and the completion that receives the answer.
package struct LearnJob: Sendable {
    let rows: LearnRows
    let completion: Completion<LearnAnswer>

    package init(_ rows: LearnRows, _ completion: Completion<LearnAnswer>) {
        self.rows = rows
        self.completion = completion
    }

    /// Returns the answer given earlier under the same key.
    func repeatAnswer(_ answer: LearnAnswer?) {
        // A key used for another purpose has another hash and is refused.
        if let answer { completion.succeed(answer) } else { completion.fail(ModelError(.internal, "unexpected kind of answer")) }
    }
}
