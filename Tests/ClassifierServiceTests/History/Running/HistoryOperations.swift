import HTTPServer
import TensorFormats

@testable import ClassifierService
@testable import ModelHost

/// The route table, and which operation a request is one of.
struct HistoryOperations: Sendable {
    /// The table of a service, which all have.
    static let shared: HistoryOperations? = try? HistoryOperations()

    let operations: [ClassifierService.Operation]
    private let conformance: Conformance

    private init() throws {
        let service = try Service(ServiceConfiguration(), log: Log(isSilent: true))
        operations = service.operations
        conformance = Conformance(service, usesTokens: false)
    }

    /// The name of the operation that a request is one of; nil where no route takes it.
    func id(_ method: String, _ path: String) -> String? {
        let method = method == "HEAD" ? "GET" : method
        let words = path.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
        let matching = operations.filter { operation in
            let parts = operation.path.split(separator: "/", omittingEmptySubsequences: false)
            return operation.method.name.description == method && parts.count == words.count
                && zip(parts, words).allSatisfy { $0 == $1 || $0.hasPrefix("{") && !$1.isEmpty }
        }
        // Where a literal and a parameter both match, the literal goes first.
        return matching.min { one, other in one.path.count(where: { $0 == "{" }) < other.path.count(where: { $0 == "{" }) }?.id
    }

    /// What the service's document does not say of an answer; nil where there is nothing.
    func complaint(_ request: HistoryRequest, _ reply: Reply) -> String? {
        ThreadSanitizer.isOn ? nil : conformance.complaint(request.method, request.path, reply)
    }
}
