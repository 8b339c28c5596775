import HTTPServer
import TensorFormats

@testable import ClassifierService
@testable import ModelHost

/// The route table; maps requests to operations.
struct HistoryOperations: Sendable {
    /// The table, which is the same for all services.
    static let shared: HistoryOperations? = try? HistoryOperations()

    let operations: [ClassifierService.Operation]
    private let conformance: Conformance

    private init() throws {
        let service = try Service(ServiceConfiguration(), log: Log(isSilent: true))
        operations = service.operations
        conformance = Conformance(service, usesTokens: false)
    }

    /// The name of a request's operation; nil if there is no such route.
    func id(_ method: String, _ path: String) -> String? {
        let method = method == "HEAD" ? "GET" : method
        let words = path.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
        let matching = operations.filter { operation in
            let parts = operation.path.split(separator: "/", omittingEmptySubsequences: false)
            return operation.method.name.description == method && parts.count == words.count
                && zip(parts, words).allSatisfy { $0 == $1 || $0.hasPrefix("{") && !$1.isEmpty }
        }
        // A literal takes precedence over a parameter.
        return matching.min { one, other in one.path.count(where: { $0 == "{" }) < other.path.count(where: { $0 == "{" }) }?.id
    }

    /// How an answer deviates from the service's document; nil if it does not.
    func complaint(_ request: HistoryRequest, _ reply: Reply) -> String? {
        ThreadSanitizer.isOn ? nil : conformance.complaint(request.method, request.path, reply)
    }
}
