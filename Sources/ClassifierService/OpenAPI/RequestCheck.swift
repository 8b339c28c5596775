internal import HTTPServer

/// What is checked of a request for every operation, before its handler is called.
struct RequestCheck: Sendable {
    private let query: QueryCheck?
    private let refusesCodings: Bool

    /// Nil where there is nothing to check.
    init?(_ operation: Operation) {
        query = QueryCheck(operation)
        refusesCodings = operation.body.map { !$0.takesCodings } ?? false
        if query == nil, !refusesCodings { return nil }
    }

    /// What is wrong with a request, if anything. Allocates nothing for what is right.
    func problem(_ request: borrowing Request) -> Problem? {
        if let query, request.hasQuery, let problem = query.problem(request) { return problem }
        return refusesCodings ? Self.codingProblem(request) : nil
    }

    /// Compressed content, taken as it is, would be refused as malformed, or worse, understood.
    private static func codingProblem(_ request: borrowing Request) -> Problem? {
        let hasCoding = request.withHeaderBytes("content-encoding") { $0 != nil }
        guard hasCoding, let text = request.header("content-encoding") else { return nil }
        let codings = text.split { $0 == "," || $0 == " " || $0 == "\t" }
        guard let other = codings.first(where: { $0.lowercased() != "identity" }) else { return nil }
        var problem = Problem(.unsupportedMediaType, "the Content-Encoding is \(other.prefix(160)), expected identity or none")
        problem.acceptedCodings = "identity"
        return problem
    }
}
