internal import AnalyticLearning

/// What making an answer takes, in multiply-adds: scoring the rows, choosing the best classes and writing them. It decides where the
/// answer is made.
enum AnswerCost {
    /// Writing a label and a score takes about as long as this many multiply-adds.
    static let label = 512
    /// A number alone.
    static let number = 128

    /// Choosing and writing the best classes of a row: past a few they are chosen by sorting all.
    static func best(_ count: Int, of classes: Int) -> Int {
        let (writing, overflow) = label.multipliedReportingOverflow(by: min(count, classes))
        return overflow ? .max : writing + (count > TopClasses.few ? 64 * classes : 0)
    }

    /// All of it.
    ///
    /// - Parameter row: what choosing and writing takes for a row.
    /// - Returns: `Int.max` where it is more.
    static func total(_ scorer: Scorer, rows: Int, row: Int) -> Int {
        let (answers, overflow) = rows.multipliedReportingOverflow(by: row)
        let (total, overflowing) = scorer.cost(rows: rows).addingReportingOverflow(answers)
        return overflow || overflowing ? .max : total
    }
}
