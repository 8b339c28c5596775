internal import HTTPServer
internal import TensorFormats

/// The service's description (OpenAPI 3.1.0), generated once from its operations.
struct OpenAPIDocument {
    let operations: [Operation]
    /// Whether callers need tokens.
    let usesTokens: Bool
    /// The most octets of a request's content, unless its operation says otherwise.
    let maximumBodySize: Int

    /// The document.
    ///
    /// - Complexity: O(size of the document); a few milliseconds.
    var value: JSONValue {
        let parameters = sharedParameters
        var paths = JSONObject()
        for operation in operations {
            var item = paths[operation.path]?.object ?? JSONObject()
            item[operation.method.name.description.lowercased()] = describe(operation, parameters)
            paths[operation.path] = .object(item)
        }
        var document: JSONObject = [
            "openapi": .string("3.1.0"),
            "info": .object([
                "title": .string("Accrue"), "version": .string(Service.version),
                "summary": .string("A classifier that learns while it serves."),
                "description": .string(Self.description),
            ]),
            "servers": .array([.object(["url": .string("/")])]), "tags": .array(tags), "paths": .object(paths),
            "components": .object(components(parameters)),
        ]
        if usesTokens { document["security"] = Self.security(.writing) }
        return .object(document)
    }

    private static let description = """
        JSON names are snake_case. An error is `application/problem+json` (RFC 9457) whose `detail` names the row, the field and what was \
        expected; a refused request changes nothing. Unknown keys and query parameters are refused. Under `/v2`, the Open Inference \
        Protocol, an error is `{"error": "…"}`, and unknown members are ignored.

        Every answer has an `X-Request-Id`: that of the request if it has 1 to 64 characters from `[A-Za-z0-9._~+/=:-]`, else a new one. \
        HEAD is answered like GET, without content, and OPTIONS with `Allow`. A method that a path does not support gets 405 with `Allow`. \
        Any path answers malformed requests with 400, expectations other than `100-continue` with 417, unknown methods and transfer \
        codings with 501, and versions other than HTTP/1.0 and 1.1 with 505.
        """

    private var tags: [JSONValue] {
        Tag.allCases.filter { tag in operations.contains { $0.tag == tag } }
            .map { .object(["name": .string($0.rawValue), "description": .string($0.description)]) }
    }

    // MARK: Operations

    private func describe(_ operation: Operation, _ shared: [String: JSONValue]) -> JSONValue {
        var object: JSONObject = [
            "operationId": .string(operation.id), "tags": .array([.string(operation.tag.rawValue)]), "summary": .string(operation.summary),
        ]
        if !operation.description.isEmpty { object["description"] = .string(operation.description) }
        let parameters = operation.parameters.map { parameter -> JSONValue in
            guard shared[parameter.name] == parameter.value else { return parameter.value }
            return Self.reference("parameters", parameter.name)
        }
        if !parameters.isEmpty { object["parameters"] = .array(parameters) }
        if let body = operation.body { object["requestBody"] = body.value(defaultLimit: maximumBodySize) }
        object["responses"] = .object(responses(of: operation))
        if usesTokens { object["security"] = operation.access == .anyone ? .array([]) : Self.security(operation.access) }
        return .object(object)
    }

    /// The token that a call needs; the list names roles (section 4.8.30).
    private static func security(_ access: RouteAccess) -> JSONValue {
        .array([.object(["bearer": .array([.string(access == .writing ? "write" : "read")])])])
    }

    private func responses(of operation: Operation) -> JSONObject {
        let form = operation.errorForm
        var responses: [(status: Status, value: JSONValue)] = operation.answers.map { ($0.status, $0.value) }
        let shared = SharedRefusal.all.filter { $0.concerns(operation, usesTokens: usesTokens) }
        for refusal in shared where !operation.refusals.contains(where: { $0.status == refusal.refusal.status }) {
            // An answer may have the status of a problem.
            if let index = responses.firstIndex(where: { $0.status == refusal.refusal.status }) {
                responses[index].value = refusal.refusal.joined(to: responses[index].value, form)
            } else {
                responses.append((refusal.refusal.status, Self.reference("responses", form.prefix + refusal.name)))
            }
        }
        // One status may have several reasons.
        var merged: [Refusal] = []
        for refusal in operation.refusals {
            if let index = merged.firstIndex(where: { $0.status == refusal.status }) {
                merged[index].add(refusal)
            } else {
                merged.append(refusal)
            }
        }
        for refusal in shared.map(\.refusal) {
            if let index = merged.firstIndex(where: { $0.status == refusal.status }) { merged[index].add(refusal) }
        }
        for refusal in merged {
            if let index = responses.firstIndex(where: { $0.status == refusal.status }) {
                responses[index].value = refusal.joined(to: responses[index].value, form)
            } else {
                responses.append((refusal.status, refusal.value(form)))
            }
        }
        responses.sort { $0.status.code < $1.status.code }
        return responses.reduce(into: JSONObject()) { $0[String($1.status.code)] = $1.value }
    }

    // MARK: Components

    /// Parameters shared by several operations, by name.
    private var sharedParameters: [String: JSONValue] {
        var counts: [String: [JSONValue]] = [:]
        for parameter in operations.flatMap(\.parameters) { counts[parameter.name, default: []].append(parameter.value) }
        return counts.compactMapValues { values in
            values.count > 1 && values.allSatisfy { $0 == values[0] } ? values[0] : nil
        }
    }

    private func components(_ parameters: [String: JSONValue]) -> JSONObject {
        var schemas = ErrorForm.allCases.reduce(into: [:]) { Schema.merge($1.schema.components, into: &$0) }
        for schema in operations.flatMap(\.schemas) { Schema.merge(schema.components, into: &schemas) }
        var refusals = JSONObject()
        for form in ErrorForm.allCases {
            let concerned = operations.filter { $0.errorForm == form }
            for refusal in SharedRefusal.all where concerned.contains(where: { refusal.concerns($0, usesTokens: usesTokens) }) {
                refusals[form.prefix + refusal.name] = refusal.refusal.value(form)
            }
        }
        var components: JSONObject = [
            "schemas": .object(Self.sorted(schemas.mapValues { .object($0) })), "parameters": .object(Self.sorted(parameters)),
            "headers": .object(["X-Request-Id": AnswerHeader.requestID.value]),
            "responses": .object(refusals),
        ]
        if usesTokens {
            components["securitySchemes"] = .object([
                "bearer": .object([
                    "type": .string("http"), "scheme": .string("bearer"),
                    "description": .string("A token from the server's token file: `read` tokens allow reading, `write` tokens everything."),
                ])
            ])
        }
        return components
    }

    private static func sorted(_ entries: [String: JSONValue]) -> JSONObject {
        entries.sorted { $0.key < $1.key }.reduce(into: JSONObject()) { $0[$1.key] = $1.value }
    }

    static func reference(_ kind: String, _ name: String) -> JSONValue {
        .object(["$ref": .string("#/components/\(kind)/\(name)")])
    }
}
