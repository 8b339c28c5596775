internal import AnalyticLearning
internal import ModelHost

/// What the blocks of a streamed learn request come to.
struct LearnTotal {
    /// Rows that have been learned.
    private(set) var rows = 0
    private var last: LearnAnswer?
    private var newClasses: [Label] = []
    /// Rows that were scored before they were learned, and those of them that were right.
    private var scored = 0
    private var right = 0.0

    /// Adds the next block's answer.
    mutating func add(_ answer: LearnAnswer) {
        rows += answer.rows
        last = answer
        newClasses += answer.newClasses
        if let accuracy = answer.accuracyBefore {
            scored += answer.rows
            right += accuracy * Double(answer.rows)
        }
    }

    /// The whole request's answer: the state after its last block, and the accuracy over all rows that met a model which knew something.
    /// Nil where there was no block.
    var answer: LearnAnswer? {
        guard var answer = last else { return nil }
        answer.rows = rows
        answer.newClasses = newClasses
        answer.accuracyBefore = scored > 0 ? right / Double(scored) : nil
        return answer
    }
}
