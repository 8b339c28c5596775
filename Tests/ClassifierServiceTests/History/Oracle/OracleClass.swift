/// A class with all its rows.
struct OracleClass: Sendable {
    /// Stays through renames; a label that is deleted and comes again is another class.
    let id: Int
    var label: LabelBytes
    var rows: [OracleRow] = []
    /// Test-then-train, of the rows of this class.
    var evaluated = Tally()
    /// The rows that its sketch has seen, also those unlearned.
    var sketched = 0
    /// Whether the sketch still knows rows that were unlearned.
    var isSketchStale = false

    /// The largest value that a row of it ever had.
    var largest = 0.0

    var count: Int { rows.count }
}
