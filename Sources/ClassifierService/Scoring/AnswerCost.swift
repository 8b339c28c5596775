internal import AnalyticLearning

/// The cost of an answer in multiply-adds: scoring the rows, choosing the best classes, and writing them. It decides which thread makes the
/// answer.
enum AnswerCost {
    /// Writing a label and a score takes about as long as this many multiply-adds.
    static let label = 512
    /// The same for a number alone.
    static let number = 128

    /// Finding the best columns takes up to this many for each class: 1.3 ns (5 to 7 if scores rise with the column).
    private static let search = 4
    /// Sorting `n` columns takes up to this many for each of them and each doubling of their number: n·log₂n times 7 to 13 ns.
    private static let sorting = 64

    /// The cost of choosing and writing the best classes of a row.
    ///
    /// - Returns: `Int.max` on overflow.
    static func best(_ count: Int, of classes: Int) -> Int {
        let chosen = max(0, min(count, classes))
        let doublings = Int.bitWidth - chosen.leadingZeroBitCount
        let (choosing, overflow) = chosen.multipliedReportingOverflow(by: label + sorting * doublings)
        let (scan, overflowing) = classes.multipliedReportingOverflow(by: search)
        let (total, isTooLarge) = choosing.addingReportingOverflow(scan)
        return overflow || overflowing || isTooLarge ? .max : total
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
