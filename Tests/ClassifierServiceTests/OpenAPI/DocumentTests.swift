import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// `GET /openapi.json`, and what routes do because they are described.
@Suite struct DocumentTests {
    private func document(_ service: TestService) throws -> JSONValue {
        let reply = try service.client().send("GET", "/openapi.json")
        #expect(reply.status == 200)
        #expect(reply.fields["content-type"] == "application/json")
        return reply.json
    }

    @Test func everyRouteOfTheServerIsInTheDocumentAndNothingElse() throws {
        let service = try TestService()
        let paths = try #require(document(service)["paths"].object)
        let described = paths.entries.flatMap { path in
            (path.value.object?.entries ?? []).map { "\($0.key.uppercased()) \(path.key)" }
        }
        let served = service.service.server.routes.map { "\($0.0.name) \($0.1)" }
        #expect(described.count > 15)
        #expect(described.sorted() == served.sorted())
    }

    @Test func operationsHaveNamesOfTheirOwnAndDescribeTheParametersOfTheirPath() throws {
        let operations = try TestService().service.operations
        #expect(Set(operations.map(\.id)).count == operations.count)
        for operation in operations {
            let inPath = operation.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
            #expect(operation.parameters.filter { $0.place == .path }.map(\.name) == inPath, "\(operation.id)")
            // One call of the Open Inference Protocol is always refused.
            #expect(operation.answers.contains { $0.status.code < 300 } != (operation.id == "repository_unload"), "\(operation.id)")
        }
    }

    @Test func theDocumentIsNotSentAgainToWhoeverHasIt() throws {
        let service = try TestService()
        let client = service.client()
        let tag = try #require(try client.send("GET", "/openapi.json").fields["etag"])
        try client.write(Array("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"x\", \(tag)\r\n\r\n".utf8))
        let second = try client.readReply()
        #expect(second.status == 304)
        #expect(second.fields["etag"] == tag)
        #expect(second.body.isEmpty)
        try client.write(Array("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"x\"\r\n\r\n".utf8))
        #expect(try client.readReply().status == 200)
    }

    @Test(arguments: [
        ("GET", "/v1/models?page=2", "\"page\" is not a known query parameter; this call takes none"),
        (
            "POST", "/v1/models/m/predict?weight=plain",
            "\"weight\" is not a known query parameter; known parameters are weights, balance, top, probability, leverage"
        ),
        ("POST", "/v1/models/m/predict?top=1&top=2", "\"top\" is given twice"),
        ("POST", "/v1/models/m/predict?weights=%FF", "not UTF-8"),
        ("GET", "/v1/models/m/snapshot?part=weights", "\"part\""),
        ("PUT", "/v1/models/m/snapshot?x", "\"x\""),
        ("DELETE", "/v1/models/m?force=1", "\"force\""),
    ])
    func aQueryItemThatIsNotKnownIsRefusedAndChangesNothing(_ method: String, _ path: String, _ detail: String) throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        try model.learn([[1, 0], [0, 1]], ["a", "b"])
        let before = try model.state(probe: [1, 1])
        let reply = try model.client.send(method, path, #"{"features":[[1,2]]}"#)
        #expect(reply.status == 400)
        #expect(reply.problemDetail.contains(detail), "\(reply.problemDetail)")
        #expect(try model.state(probe: [1, 1]) == before)
    }

    @Test(arguments: ["TRACE", "QUERY", "POST", "PATCH"])
    func aMethodThatAPathDoesNotHaveIsToldWithThoseItHas(_ method: String) throws {
        let service = try TestService()
        let reply = try service.client().send(method, "/v1/models")
        #expect(reply.status == 405)
        #expect(reply.fields["allow"] == "GET, HEAD, OPTIONS")
    }

    /// JSON Schema, and so the document, does not distinguish 3.0 from 3.
    @Test func integersMayBeWrittenWithAFraction() throws {
        let service = try TestService()
        let model = ModelClient(service)
        let config =
            #"{"dimension":2.0,"feature_map":{"kind":"random_relu","width":40e-1,"seed":7.0},"#
            + #""imbalance":{"kind":"pseudo_features","cap":5.0}}"#
        #expect(try model.create(config).status == 201)
        #expect(try model.details()["config"]["feature_map"]["seed"] == .integer(7))
        #expect(try model.create(config.replacing(".0", with: "")).status == 200)
        try model.learn([[1, 0], [0, 1]], ["a", "b"])
        let reply = try model.client.send("POST", model.path + "/predict", #"{"features":[[1,0]],"top":2.0}"#)
        #expect(reply["predictions"][0]["top"].array?.count == 2)
        #expect(try model.create(#"{"dimension":2.5}"#).problemDetail == "dimension must be an integer, not 2.5")
    }

    @Test func probesMayHaveAQueryOfAnyKind() throws {
        let service = try TestService()
        #expect(try service.client().send("GET", "/healthz?from=balancer").status == 200)
    }
}
