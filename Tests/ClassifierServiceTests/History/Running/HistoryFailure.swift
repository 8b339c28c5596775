/// What a history has found.
struct HistoryFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Fails a history where a condition does not hold.
func demand(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw HistoryFailure(message()) }
}
