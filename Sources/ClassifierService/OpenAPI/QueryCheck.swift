internal import HTTPServer

/// Refuses query items that an operation does not know, and those that come twice.
struct QueryCheck: Sendable {
    private let known: [String]

    /// Nil where the operation passes over what it does not know.
    init?(_ operation: Operation) {
        guard operation.refusesOtherQueryItems else { return nil }
        known = operation.parameters.filter { $0.place == .query }.map(\.name)
    }

    /// What is wrong with a request's query, if anything.
    func problem(_ request: borrowing Request) -> Problem? {
        var seen: Set<String> = []
        for name in request.queryNames {
            guard known.contains(name) else {
                let expected = known.isEmpty ? "this call has none" : "known are \(known.joined(separator: ", "))"
                return Problem(.badRequest, "\"\(name.prefix(160))\" is not a known query parameter; \(expected)")
            }
            guard seen.insert(name).inserted else { return Problem(.badRequest, "the query parameter \"\(name)\" is given twice") }
        }
        guard request.queryIsText else { return Problem(.badRequest, "a query parameter has a value that is not UTF-8") }
        return nil
    }
}
