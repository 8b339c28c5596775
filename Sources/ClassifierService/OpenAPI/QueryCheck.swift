internal import HTTPServer

/// Refuses query items that are unknown to an operation or given twice.
struct QueryCheck: Sendable {
    private let known: [String]

    /// Nil if the operation ignores unknown query items.
    init?(_ operation: Operation) {
        guard operation.refusesOtherQueryItems else { return nil }
        known = operation.parameters.filter { $0.place == .query }.map(\.name)
    }

    /// The problem with a request's query, if there is one.
    func problem(_ request: borrowing Request) -> Problem? {
        // No array and no set: predictions with a query allocate nothing either.
        var seen: UInt64 = 0
        var problem: Problem?
        request.forEachQueryName { name in
            guard let index = known.firstIndex(of: name) else {
                let expected = known.isEmpty ? "this call takes none" : "known parameters are \(known.joined(separator: ", "))"
                problem = Problem(.badRequest, "\"\(name.prefix(160))\" is not a known query parameter; \(expected)")
                return false
            }
            let bit: UInt64 = 1 << UInt64(index)
            if seen & bit != 0 { problem = Problem(.badRequest, "the query parameter \"\(name)\" is given twice") }
            seen |= bit
            return problem == nil
        }
        if let problem { return problem }
        guard request.queryIsText else { return Problem(.badRequest, "a query parameter has a value that is not UTF-8") }
        return nil
    }
}
