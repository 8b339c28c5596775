internal import AnalyticLearning

/// The cost of an answer in multiply-adds: scoring the rows, choosing the best classes, and writing them. It decides which thread makes the
/// answer.
enum AnswerCost {
    /// Writing a label and a score takes about as long as this many multiply-adds.
    static let label = 512
    /// The same for a number alone.
    static let number = 128

    /// The cost of choosing and writing the best classes of a row: more than a few are chosen by sorting all.
    static func best(_ count: Int, of classes: Int) -> Int {
        let (writing, overflow) = label.multipliedReportingOverflow(by: min(count, classes))
        return overflow ? .max : writing + (count > TopClasses.few ? 64 * classes : 0)
    }

    /// The total cost.
    ///
    /// - Parameter row: the cost of choosing and writing for one row.
    /// - Returns: `Int.max` on overflow.
    static func total(_ scorer: Scorer, rows: Int, row: Int) -> Int {
        let (answers, overflow) = rows.multipliedReportingOverflow(by: row)
        let (total, overflowing) = scorer.cost(rows: rows).addingReportingOverflow(answers)
        return overflow || overflowing ? .max : total
    }
}
