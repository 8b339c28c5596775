import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Requests that are wrong regardless of their content: type, method, size.
@Suite struct RequestBadInputTests {
    private static let body = Array(#"{"features":[[1,2]],"labels":["a"]}"#.utf8)

    static let types = [
        ("POST", "/v1/models/m/learn"), ("POST", "/v1/models/m/predict"), ("PUT", "/v1/models/new"),
    ].flatMap { method, path in
        ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", "text/json"].map {
            BadRequest("\(path) as \($0)", method, path, bytes: body, contentType: $0, 415, names: [$0, "application/json"])
        }
    }

    @Test(arguments: types) func unsupportedMediaTypeIsNamed(_ request: BadRequest) throws { try request.expectRefusal() }

    @Test(arguments: [nil, "application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=\"utf-8\""])
    func jsonIsTakenByItsTypeOrByNone(_ type: String?) throws {
        let service = try TestService()
        let model = ModelClient(service)
        #expect(try model.client.send("PUT", "/v1/models/m", Array(#"{"dimension":2}"#.utf8), contentType: type).status == 201)
        #expect(try model.client.send("POST", "/v1/models/m/learn", Self.body, contentType: type).status == 200)
        let predict = Bodies.predict([[1, 2]])
        #expect(try model.client.send("POST", "/v1/models/m/predict", predict, contentType: type).status == 200)
    }

    static let coded = [
        ("PUT", "/v1/models/new"), ("PATCH", "/v1/models/m"), ("POST", "/v1/models/m/learn"), ("POST", "/v1/models/m/unlearn"),
        ("POST", "/v1/models/m/predict"), ("PUT", "/v1/models/m/snapshot"), ("POST", "/v1/models/m/merge"),
        ("POST", "/v2/repository/index"), ("POST", "/v2/repository/models/m/load"),
    ]

    @Test(arguments: coded, ["application/json", "application/x-ndjson"])
    func codedContentIsRefusedByItsCoding(_ call: (String, String), _ type: String) throws {
        let service = try TestService()
        try ModelClient(service).create(#"{"dimension":2}"#)
        for (fields, name) in [
            ("Content-Encoding: gzip", "gzip"), ("Content-Encoding: identity, br", "br"), ("content-encoding:  Zstd ", "Zstd"),
            ("Content-Encoding: identity\r\nContent-Encoding: X", "X"),
        ] {
            let client = service.client()
            let head = "\(call.0) \(call.1) HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(type)\r\n\(fields)\r\nContent-Length: 2"
            try client.write(Array("\(head)\r\n\r\n{}".utf8))
            let reply = try client.readReply()
            #expect(reply.status == 415, "\(reply.text)")
            let detail = call.1.hasPrefix("/v2") ? reply.inferenceError : reply.problemDetail
            #expect(detail.contains("the Content-Encoding is \(name), expected identity"), "\(reply.text)")
            #expect(reply.fields["accept-encoding"] == "identity")
        }
        #expect(service.modelNames == ["m"])
    }

    @Test(arguments: ["identity", "Identity", "identity, identity", ""]) func contentAsItIsIsTaken(_ coding: String) throws {
        let service = try TestService()
        let client = service.client()
        let body = #"{"dimension":2}"#
        let fields = "Host: localhost\r\nContent-Encoding: \(coding)\r\nContent-Length: \(body.utf8.count)"
        try client.write(Array("PUT /v1/models/m HTTP/1.1\r\n\(fields)\r\n\r\n\(body)".utf8))
        #expect(try client.readReply().status == 201)
    }

    @Test func wrongMethodIsAnsweredWithThoseThatAre() throws {
        let service = try TestService()
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":2}"#)
        for (method, path, contained) in [
            ("GET", "/v1/models/m/learn", ["POST"]), ("PUT", "/v1/models/m/learn", ["POST"]), ("GET", "/v1/models/m/predict", ["POST"]),
            ("POST", "/v1/models/m", ["PUT", "GET", "HEAD", "DELETE"]), ("DELETE", "/v1/models", ["GET"]),
            ("POST", "/v1/models/m/snapshot", ["GET", "PUT"]), ("POST", "/healthz", ["GET"]),
        ] {
            let reply = try client.send(method, path, Self.body)
            #expect(reply.status == 405, "\(method) \(path): \(reply.text)")
            let allowed = Set((reply.fields["allow"] ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
            #expect(allowed.isSuperset(of: contained) && !allowed.contains(method), "\(method) \(path): \(allowed)")
            #expect(!reply.problemDetail.isEmpty)
        }
        #expect(try client.send("GET", "/v1/models/m")["samples"].int == 0)
    }

    @Test func bodyOverTheLimitIsRefused() throws {
        let limit = 10_000
        let service = try TestService { $0.server.maximumBodySize = limit }
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        try model.learn([[1, 2]], ["a"])
        let before = try model.state(probe: [1, 2])
        let large = Self.body + [UInt8](repeating: UInt8(ascii: " "), count: limit)
        for path in ["/v1/models/m/learn", "/v1/models/m/predict"] {
            let reply = try service.client().send("POST", path, large)
            #expect(reply.status == 413, "\(path)")
            #expect(reply.problemDetail.contains("\(limit)"), "\(reply.text)")
            let chunked = try service.client().sendChunked("POST", path, [large[...5000], large[5001...]])
            #expect(chunked.status == 413)
        }
        #expect(try service.client().send("PUT", "/v1/models/n", [UInt8](repeating: 32, count: 65 << 10)).status == 413)
        #expect(try model.state(probe: [1, 2]) == before)
        let exact = Self.body + [UInt8](repeating: UInt8(ascii: " "), count: limit - Self.body.count)
        #expect(try model.client.send("POST", "/v1/models/m/learn", exact).status == 200)
    }

    @Test func snapshotLargerThanAllModelsMayTakeIsRefused() throws {
        let service = try TestService { $0.host.maximumMemory = 1 << 20 }
        let client = service.client()
        try client.write(Array("PUT /v1/models/m/snapshot HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(2 << 20)\r\n\r\n".utf8))
        let reply = try client.readReply()
        #expect(reply.status == 413)
        #expect(reply.problemDetail.contains("\(1 << 20)"))
    }

    @Test func unknownPathIsNotFound() throws {
        let service = try TestService()
        for path in ["/v1", "/v1/model", "/v1/models/m/fit", "/v3/models", "/v1/models/m/learn/x"] {
            let reply = try service.client().send("GET", path)
            #expect(reply.status == 404, "\(path)")
            #expect(!reply.problemDetail.isEmpty)
        }
    }
}
