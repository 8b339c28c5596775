internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// `GET /openapi.json`: describes all routes. Anybody may read it, since it contains nothing about any model.
struct OpenAPIRoute {
    /// Whether callers need tokens.
    let usesTokens: Bool
    /// The most octets of a request's content.
    let maximumBodySize: Int

    /// Adds the route; it describes the routes added before, and itself.
    func add(to routes: inout RouteSet) {
        let document = OpenAPIDocument(
            operations: routes.operations + [.document], usesTokens: usesTokens, maximumBodySize: maximumBodySize)
        var writer = JSONWriter()
        writer.write(document.value)
        let bytes = writer.array
        let tag = bytes.withUnsafeBytes { "\"\(String(StableHash.hash($0, seed: 0), radix: 16))\"" }
        let headers = [HeaderField("ETag", tag), HeaderField("Cache-Control", "no-cache")]
        routes.on(.document) { request, responder in
            responder.send(
                request.isMatched(by: tag)
                    ? Response(.notModified, headers: headers)
                    : Response(.ok, contentType: "application/json", headers: headers, bytes: bytes))
        }
    }
}
