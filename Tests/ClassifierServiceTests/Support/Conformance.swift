import Foundation
import HTTPServer
import TensorFormats

@testable import ClassifierService

/// Checks answers against the service's own document: every request of these tests takes part.
struct Conformance: Sendable {
    private let paths: [(segments: [Substring], item: JSONObject)]
    private let check: SchemaCheck

    init(_ service: Service, usesTokens: Bool) {
        let document = OpenAPIDocument(operations: service.operations, usesTokens: usesTokens, maximumBodySize: 1 << 20).value
        paths = (document["paths"].object?.entries ?? []).map { (Self.segments($0.key), $0.value.object ?? [:]) }
        check = SchemaCheck(document: document)
    }

    /// How an answer deviates from the document; nil if it does not, or if the document does not describe the request.
    func complaint(_ method: String, _ target: String, _ reply: Reply) -> String? {
        guard let operation = operation(method, target) else { return nil }
        let place = "\(method) \(target) answers \(reply.status)"
        let response = check.resolve(operation["responses"][String(reply.status)])
        guard response != .null else { return "\(place), which the document does not tell" }
        for header in response["headers"].object?.entries ?? [] {
            let description = check.resolve(header.value)
            guard let value = reply.fields[header.key.lowercased()] else {
                if description["required"] == .bool(true) { return "\(place) without \(header.key)" }
                continue
            }
            let typed = description["schema"]["type"] == .string("integer") ? Int(value).map { JSONValue.integer($0) } : nil
            if let error = check.error(typed ?? .string(value), description["schema"], header.key) { return "\(place): \(error)" }
        }
        // Streams are read in other ways; large answers are like small ones.
        guard method != "HEAD", !reply.body.isEmpty, reply.body.count < 1 << 18 else { return nil }
        let type = reply.fields["content-type"]?.split(separator: ";").first.map(String.init) ?? ""
        let content = response["content"][type]
        guard content != .null else { return "\(place) as \(type), which the document does not tell" }
        guard type.hasSuffix("json") else { return nil }
        return check.error(reply.json, content["schema"], "$").map { "\(place): \($0) in \(reply.text.prefix(2000))" }
    }

    /// Empty segments count: `/v2/` is not `/v2`.
    private static func segments(_ path: String) -> [Substring] { path.split(separator: "/", omittingEmptySubsequences: false) }

    private func operation(_ method: String, _ target: String) -> JSONValue? {
        guard target.hasPrefix("/") else { return nil }
        let path = Self.segments(String(target.prefix { $0 != "?" }))
        let matches = paths.filter { entry in
            entry.segments.count == path.count && zip(entry.segments, path).allSatisfy { $0 == $1 || $0.hasPrefix("{") && !$1.isEmpty }
        }
        // A literal takes precedence over a parameter.
        let best = matches.min { $0.segments.count { $0.hasPrefix("{") } < $1.segments.count { $0.hasPrefix("{") } }
        return best?.item[method == "HEAD" ? "get" : method.lowercased()]
    }
}
