internal import HTTPServer

/// The checks of every request before its handler is called.
struct RequestCheck: Sendable {
    private let query: QueryCheck?
    private let refusesCodings: Bool

    /// Nil if there is nothing to check.
    init?(_ operation: Operation) {
        query = QueryCheck(operation)
        refusesCodings = operation.body.map { !$0.takesCodings } ?? false
        if query == nil, !refusesCodings { return nil }
    }

    /// The problem with a request, if any. Allocates nothing for a valid request.
    func problem(_ request: borrowing Request) -> Problem? {
        if let query, request.hasQuery, let problem = query.problem(request) { return problem }
        return refusesCodings ? Self.codingProblem(request) : nil
    }

    /// Compressed content, read without decompression, would be refused as malformed or, worse, misunderstood.
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
