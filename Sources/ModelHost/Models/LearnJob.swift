/// Rows to be learned, and who takes the answer.
package struct LearnJob: Sendable {
    let rows: LearnRows
    let completion: Completion<LearnAnswer>

    package init(_ rows: LearnRows, _ completion: Completion<LearnAnswer>) {
        self.rows = rows
        self.completion = completion
    }

    /// Says what became of rows that have been learned before, under their key.
    func repeatAnswer(_ answer: LearnAnswer?) {
        // A key of another purpose has another hash, and is refused.
        if let answer { completion.succeed(answer) } else { completion.fail(ModelError(.internal, "unexpected kind of answer")) }
    }
}
