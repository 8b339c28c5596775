import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// The Open Inference Protocol's descriptions of the server and of models, and the form of its errors.
@Suite struct OpenInferenceTests {
    private func serviceWithModel(_ configure: (inout ServiceConfiguration) -> Void = { _ in }) throws -> (TestService, ModelClient) {
        let service = try TestService(configure)
        let model = ModelClient(service)
        #expect(try model.create(#"{"dimension":2}"#).status == 201)
        #expect(try model.learn([[1, 0], [0, 1]], ["a", "b"]).status == 200)
        return (service, model)
    }

    private static let body = InferenceClient.json([[1, 2]])

    @Test func healthSaysBothThatItLivesAndThatItIsReady() throws {
        let service = try TestService()
        let client = service.client()
        for path in ["/v2/health/live", "/v2/health/ready"] {
            let reply = try client.send("GET", path)
            #expect(reply.status == 200 && reply.text == #"{"live":true,"ready":true}"#)
        }
    }

    @Test func serverAndModelDescribeThemselves() throws {
        let (service, model) = try serviceWithModel()
        let client = service.client()
        let server = try client.send("GET", "/v2")
        #expect(server["name"].string == "accrue" && server["version"].string == Service.version)
        #expect(server["extensions"].array?.contains(.string("binary_tensor_data")) == true)
        let metadata = try client.send("GET", "/v2/models/m")
        #expect(metadata["name"].string == "m" && metadata["platform"].string == "accrue")
        #expect(metadata["versions"].array == [.string("1")])
        #expect(metadata["inputs"][0]["shape"].array == [.integer(-1), .integer(2)])
        #expect(metadata["outputs"].array?.compactMap { $0["name"].string } == ["label", "score", "novelty"])
        #expect(metadata["outputs"][1]["parameters"]["labels"].string == #"["a","b"]"#)
        #expect(try client.send("GET", "/v2/models/m/versions/1").text == metadata.text)
        #expect(try client.send("GET", "/v2/models/m/config")["input"][0]["dims"].array == [.integer(-1), .integer(2)])
        #expect(try client.send("GET", "/v2/models")["models"].array == [.string("m")])
        try model.delete()
        #expect(try client.send("GET", "/v2/models")["models"].array == [])
    }

    @Test func modelIsReadyWhenItCanPredict() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        let client = service.client()
        let early = try client.send("GET", "/v2/models/m/ready")
        #expect(early.status == 409 && early["ready"].bool == false && early["error"].string?.contains("no class") == true)
        #expect(try client.send("POST", "/v2/models/m/infer", Self.body).status == 409)
        try model.learn([[1, 0], [0, 1]], ["a", "b"])
        let late = try client.send("GET", "/v2/models/m/ready")
        #expect(late.status == 200 && late.text == #"{"name":"m","ready":true}"#)
        #expect(try client.send("GET", "/v2/models/m/versions/1/ready").status == 200)
        #expect(try client.send("GET", "/v2/models/m/versions/0/ready").status == 404)
    }

    @Test func repositoryListsModelsAndKeepsThem() throws {
        let (service, model) = try serviceWithModel()
        let client = service.client()
        try client.send("PUT", "/v1/models/empty", #"{"dimension":3}"#)
        // Clients send no content, an empty one, or an object.
        let replies = [
            try client.send("POST", "/v2/repository/index"), try client.send("POST", "/v2/repository/index", [], contentType: nil),
            try client.send("POST", "/v2/repository/index", "{}"), try client.send("POST", "/v2/repository/index", #"{"ready":false}"#),
        ]
        for reply in replies {
            let index = reply.json.array ?? []
            #expect(reply.status == 200 && index.count == 2)
            #expect(index[0]["name"].string == "empty" && index[0]["state"].string == "UNAVAILABLE")
            #expect(index[0]["reason"].string?.contains("no class") == true)
            #expect(index[1]["name"].string == "m" && index[1]["state"].string == "READY" && index[1]["version"].string == "1")
        }
        let ready = try client.send("POST", "/v2/repository/index", #"{"ready":true}"#)
        #expect(ready.json.array?.compactMap { $0["name"].string } == ["m"])
        for (body, word) in [("[]", "an object"), (#"{"ready":1}"#, "true or false"), ("{", "ends too early")] {
            let reply = try client.send("POST", "/v2/repository/index", body)
            #expect(reply.status == 400 && reply.inferenceError.contains(word), "\(reply.text)")
        }

        for body in [nil, "{}", #"{"parameters":{}}"#] {
            #expect(try client.send("POST", "/v2/repository/models/m/load", body.map { Array($0.utf8) }).status == 200)
        }
        for body in ["[]", #"{"parameters":[1]}"#] {
            let reply = try client.send("POST", "/v2/repository/models/m/load", body)
            #expect(reply.status == 400 && reply.inferenceError.contains("expected an object"), "\(reply.text)")
        }
        #expect(try client.send("POST", "/v2/repository/models/none/load").status == 404)
        let configured = try client.send("POST", "/v2/repository/models/m/load", #"{"parameters":{"config":"{}"}}"#)
        #expect(configured.status == 400 && configured.inferenceError.contains("config"))

        let before = try model.state(probe: [1, 2])
        let unload = try client.send("POST", "/v2/repository/models/m/unload", #"{"parameters":{"unload_dependents":false}}"#)
        #expect(unload.status == 400 && unload.inferenceError.contains("DELETE /v1/models/m"))
        #expect(try client.send("POST", "/v2/repository/models/none/unload").status == 404)
        #expect(try model.state(probe: [1, 2]) == before)
    }

    @Test func statisticsCountRowsRequestsAndRefusals() throws {
        let (service, _) = try serviceWithModel()
        let client = service.client()
        for _ in 0..<3 { #expect(try client.send("POST", "/v2/models/m/infer", InferenceClient.json([[1, 2], [3, 4]])).status == 200) }
        #expect(try client.send("POST", "/v2/models/m/infer", "{}").status == 400)
        let (large, count) = InferenceClient.binary([[Float]](repeating: [1, 2], count: 20_000))
        #expect(try InferenceClient(client: client).infer(large, headerCount: count).status == 200)
        for path in ["/v2/models/m/stats", "/v2/models/m/versions/1/stats", "/v2/models/stats"] {
            let entry = try client.send("GET", path)["model_stats"][0]
            #expect(entry["name"].string == "m" && entry["version"].string == "1")
            #expect(entry["inference_count"].int == 20_006 && entry["execution_count"].int == 4)
            #expect(entry["inference_stats"]["success"]["count"].int == 4 && entry["inference_stats"]["fail"]["count"].int == 1)
            #expect((entry["last_inference"].int ?? 0) > 0)
        }
        // A model of this name can be queried all the same.
        let other = ModelClient(service, "stats")
        try other.create(#"{"dimension":2}"#)
        try other.learn([[1, 0]], ["a"])
        #expect(try client.send("GET", "/v2/models/stats/ready")["ready"].bool == true)
        #expect(try client.send("GET", "/v2/models/stats/versions/1")["name"].string == "stats")
    }

    @Test(arguments: [
        ("GET", "/v2/nothing", 404), ("GET", "/v2/", 404), ("GET", "/v2/models/none", 404), ("GET", "/v2/models/none/ready", 404),
        ("POST", "/v2/models/none/infer", 404), ("GET", "/v2/models/m/versions/9", 404), ("GET", "/v2/trace/setting", 404),
        ("GET", "/v2/models/m/infer", 405), ("DELETE", "/v2/models/m", 405), ("POST", "/v2", 405), ("POST", "/v2/health/live", 405),
        ("POST", "/v2/models/m/infer?weights=best", 400), ("POST", "/v2/models/m/infer", 400), ("BREW", "/v2/models/m", 501),
    ])
    func errorsHaveTheProtocolsForm(_ method: String, _ path: String, _ status: Int) throws {
        let (service, _) = try serviceWithModel()
        let reply = try service.client().send(method, path, method == "GET" ? nil : Array("{}".utf8))
        #expect(reply.status == status)
        #expect(!reply.inferenceError.isEmpty, "\(reply.fields) \(reply.text)")
    }

    @Test(arguments: ["/v1/none", "/v20", "/v2x/models", "/", "/healthz/v2"])
    func errorsOfOtherPathsStayProblems(_ path: String) throws {
        let service = try TestService()
        let reply = try service.client().send("DELETE", path)
        #expect([404, 405].contains(reply.status) && !reply.problemDetail.isEmpty)
    }

    @Test func typesAndCodingsThatAreNotKnownAreNamed() throws {
        let (service, _) = try serviceWithModel()
        let inference = InferenceClient(client: service.client())
        for (field, word) in [
            ("Content-Type: text/plain", "text/plain"), ("Content-Type: application/x-www-form-urlencoded", "--json"),
            ("Content-Encoding: br", "gzip or deflate"), ("Content-Encoding: gzip, gzip", "gzip or deflate"),
            ("Content-Encoding: gzip\r\nContent-Encoding: gzip", "gzip or deflate"),
        ] {
            let reply = try inference.infer(Self.body, fields: [field])
            #expect(reply.status == 415 && reply.inferenceError.contains(word), "\(field): \(reply.text)")
            #expect((reply.fields["accept-encoding"] == "gzip, deflate") == field.hasPrefix("Content-Encoding"))
        }
        for type in ["application/json", "application/json; charset=utf-8", "application/octet-stream"] {
            #expect(try inference.infer(Self.body, fields: ["Content-Type: \(type)"]).status == 200, "\(type)")
        }
        let damaged = try inference.infer(Self.body, fields: ["Content-Encoding: gzip"])
        #expect(damaged.status == 400 && damaged.inferenceError.contains("gzip"))
    }

    @Test(arguments: ["-1", "1.5", "x", "", "0x10", "+5", "99999999999999999999", "5, 5", "5\r\nInference-Header-Content-Length: 5"])
    func headerLengthMustBeANumber(_ value: String) throws {
        let (service, _) = try serviceWithModel()
        let reply = try InferenceClient(client: service.client()).infer(Self.body, fields: ["Inference-Header-Content-Length: \(value)"])
        #expect(reply.status == 400)
        #expect(reply.inferenceError.contains("Inference-Header-Content-Length"), "\(reply.text)")
    }

    @Test func badInputIsNamedAndChangesNothing() throws {
        let (service, model) = try serviceWithModel()
        let inference = InferenceClient(client: service.client())
        let before = try model.state(probe: [1, 2])
        for (json, words) in [
            ("", ["expected"]), (InferenceClient.json([[1, 2, 3]]), ["features", "[1,3]", "[rows, 2]"]),
            (InferenceClient.json([[1, 2]], datatype: "BYTES"), ["features", "BYTES"]),
            (InferenceClient.json([[1, 2]], members: #","outputs":[{"name":"logits"}]"#), ["logits", "label"]),
            (InferenceClient.json([[1, 1e51]], datatype: "FP64"), ["features", "1e50"]),
            (InferenceClient.json([[1e40, 0], [1, 1e51]], datatype: "FP64"), ["features[1][1]", "1e50"]),
            // The same from a compute thread.
            (InferenceClient.json([[Double]](repeating: [1, 2], count: 30_000) + [[1, 1e51]]), ["features[30000][1]"]),
        ] {
            let reply = try inference.infer(json)
            #expect(reply.status == 400)
            for word in words { #expect(reply.inferenceError.contains(word), "\(word) is not in \(reply.text)") }
        }
        #expect(try model.state(probe: [1, 2]) == before)
    }

    @Test func contentThatIsTooLargeIsRefusedInTheProtocolsForm() throws {
        let (service, _) = try serviceWithModel { $0.server.maximumBodySize = 10_000 }
        let reply = try service.client().send("POST", "/v2/models/m/infer", [UInt8](repeating: 32, count: 10_001))
        #expect(reply.status == 413 && !reply.inferenceError.isEmpty)
        let chunked = try service.client().sendChunked("POST", "/v2/models/m/infer", [ArraySlice([UInt8](repeating: 32, count: 10_001))])
        #expect(chunked.status == 413 && !chunked.inferenceError.isEmpty)
    }

    @Test func tokensForReadingOpenInference() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appendingPathComponent("tokens").path
        let (read, write) = (String(repeating: "r", count: 32), String(repeating: "w", count: 32))
        try Data("read \(read)\nwrite \(write)\n".utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        let service = try TestService { $0.access.tokenFile = file }
        func send(_ line: String, _ token: String?, _ body: String = "") throws -> Reply {
            let client = service.client()
            var head = "\(line) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n"
            if let token { head += "Authorization: Bearer \(token)\r\n" }
            try client.write(Array((head + "\r\n" + body).utf8))
            return try client.readReply()
        }
        #expect(try send("PUT /v1/models/m", write, #"{"dimension":2}"#).status == 201)
        #expect(try send("POST /v1/models/m/learn", write, #"{"features":[[1,0],[0,1]],"labels":["a","b"]}"#).status == 200)
        for line in ["GET /v2", "GET /v2/models/m", "POST /v2/models/m/infer", "POST /v2/repository/index", "GET /v2/nothing"] {
            let reply = try send(line, nil, line.hasPrefix("POST") ? Self.body : "")
            #expect(reply.status == 401 && reply.inferenceError.contains("Bearer"), "\(line): \(reply.text)")
        }
        for path in ["/v2/health/live", "/v2/health/ready"] { #expect(try send("GET \(path)", nil).status == 200) }
        #expect(try send("POST /v2/models/m/infer", read, Self.body).status == 200)
        #expect(try send("POST /v2/repository/index", read).status == 200)
        #expect(try send("POST /v2/repository/models/m/load", read).status == 200)
        let unload = try send("POST /v2/repository/models/m/unload", read)
        #expect(unload.status == 403 && !unload.inferenceError.isEmpty)
    }
}
