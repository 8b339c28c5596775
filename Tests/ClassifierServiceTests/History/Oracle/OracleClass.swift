/// A class with all its rows.
struct OracleClass: Sendable {
    /// Constant across renames; a label that is deleted and returns is another class.
    let id: Int
    var label: LabelBytes
    var rows: [OracleRow] = []
    /// Test-then-train over this class's rows.
    var evaluated = Tally()
    /// Rows that its sketch has seen, including those unlearned.
    var sketched = 0
    /// Whether the sketch still contains unlearned rows.
    var isSketchStale = false

    /// The largest value that any of its rows ever had.
    var largest = 0.0

    var count: Int { rows.count }
}
