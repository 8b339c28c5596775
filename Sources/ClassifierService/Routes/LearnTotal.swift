internal import AnalyticLearning
internal import ModelHost

/// The combined result of a streamed learn request's blocks.
struct LearnTotal {
    /// Rows learned so far.
    private(set) var rows = 0
    private var last: LearnAnswer?
    private var newClasses: [Label] = []
    /// Rows scored before they were learned, and how many of them were right.
    private var scored = 0
    private var right = 0.0
    /// The same for what `predict` would have answered; nil once that is unknown for some rows.
    private var servedRight: Double? = 0

    /// Adds the next block's answer.
    mutating func add(_ answer: LearnAnswer) {
        rows += answer.rows
        last = answer
        newClasses += answer.newClasses
        if let accuracy = answer.accuracyBefore {
            scored += answer.rows
            right += accuracy * Double(answer.rows)
            servedRight = servedRight.flatMap { sum in answer.servedAccuracyBefore.map { sum + $0 * Double(answer.rows) } }
        }
    }

    /// The whole request's answer: the state after its last block, and the accuracy over all rows learned by a model with classes. Nil if
    /// there was no block.
    var answer: LearnAnswer? {
        guard var answer = last else { return nil }
        answer.rows = rows
        answer.newClasses = newClasses
        answer.accuracyBefore = scored > 0 ? right / Double(scored) : nil
        answer.servedAccuracyBefore = scored > 0 ? servedRight.map { $0 / Double(scored) } : nil
        return answer
    }
}
