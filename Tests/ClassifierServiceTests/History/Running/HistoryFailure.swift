/// A finding of a history.
struct HistoryFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Fails a history if a condition does not hold.
func demand(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw HistoryFailure(message()) }
}
