import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// The same rows in every format make the same model and the same answers.
@Suite struct BodyFormatTests {
    private static let ndjson = "application/x-ndjson"
    private static let npy = "application/x-npy"
    private static let npz = "application/x-npz"
    private static let safetensors = "application/vnd.safetensors"

    /// A service with model `m` that has learned the rows as JSON.
    private func taught(labels: [String] = ArrayBodies.labels) throws -> (TestService, ModelClient) {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        #expect(try model.learn(ArrayBodies.features, labels).status == 200)
        return (service, model)
    }

    private func learnBody(_ type: String) throws -> [UInt8] {
        switch type {
        case Self.ndjson: ArrayBodies.lines(ArrayBodies.features, ArrayBodies.labels)
        case Self.npz: ArrayBodies.compressed
        default: try ArrayBodies.safetensors(ArrayBodies.features, labels: #"["cat","dog","cat","\u00dc"]"#)
        }
    }

    @Test(arguments: [ndjson, npz, safetensors]) func rowsAreLearnedAsFromJSON(type: String) throws {
        let (service, model) = try taught()
        let other = ModelClient(service, "other")
        try other.create(#"{"dimension":2}"#)
        let reply = try other.client.send("POST", other.path + "/learn", try learnBody(type), contentType: type)
        #expect(reply.status == 200, "\(reply.text)")
        #expect(reply["rows"].int == 4)
        #expect(reply["new_classes"].array?.compactMap(\.string) == ["cat", "dog", "Ü"])
        #expect(try other.snapshot().body == model.snapshot().body)
    }

    @Test(arguments: [ndjson, npz, safetensors]) func rowsAreUnlearnedAsFromJSON(type: String) throws {
        let (service, model) = try taught()
        defer { service.service.stop(within: 1) }
        let reply = try model.client.send("POST", model.path + "/unlearn", try learnBody(type), contentType: type)
        #expect(reply.status == 200, "\(reply.text)")
        #expect(reply["samples"].int == 0)
    }

    @Test func integersAreLabels() throws {
        let (service, model) = try taught(labels: ["7", "8", "7", "9"])
        for (name, type, body) in [
            ("npz", Self.npz, ArrayBodies.stored),
            ("st", Self.safetensors, try ArrayBodies.safetensors(ArrayBodies.features, integers: [7, 8, 7, 9])),
            ("st2", Self.safetensors, try ArrayBodies.safetensors(ArrayBodies.features, labels: "[7,8,7,9]")),
        ] {
            let other = ModelClient(service, name)
            try other.create(#"{"dimension":2}"#)
            let reply = try other.client.send("POST", other.path + "/learn", body, contentType: type)
            #expect(reply.status == 200, "\(name): \(reply.text)")
            #expect(try other.snapshot().body == model.snapshot().body)
        }
    }

    @Test func predictionsAreThoseOfJSON() throws {
        let (service, model) = try taught()
        defer { service.service.stop(within: 1) }
        let expected = try model.predict(ArrayBodies.features, top: 2).text
        let rows = ArrayBodies.features
        for (type, body) in [
            (Self.ndjson, ArrayBodies.lines(rows)), (Self.ndjson, ArrayBodies.lines(rows, ending: "\r\n \n")),
            (Self.npy, ArrayBodies.npy(rows)), (Self.npy, ArrayBodies.npy(rows, type: "<f4")),
            (Self.npy, ArrayBodies.npy(rows, type: ">f4")), (Self.npy, ArrayBodies.npy(rows, type: ">f8", isColumnMajor: true)),
            (Self.safetensors, try ArrayBodies.safetensors(rows)),
        ] {
            let reply = try model.client.send("POST", model.path + "/predict?top=2", body, contentType: type)
            #expect(reply.text == expected)
        }
        #expect(try model.client.send("POST", model.path + "/predict?top=2", Bodies.predict(rows)).text == expected)
    }

    @Test func valuesBeyondFloatAreScoredInDouble() throws {
        let (service, model) = try taught()
        defer { service.service.stop(within: 1) }
        let rows = [[1e40, 0], [0, 1e40]]
        let expected = try model.predict(rows)
        #expect(expected.status == 200)
        for (type, body) in [
            (Self.ndjson, ArrayBodies.lines(rows)), (Self.npy, ArrayBodies.npy(rows)),
            (Self.safetensors, try ArrayBodies.safetensors(rows)),
        ] {
            #expect(try model.client.send("POST", model.path + "/predict", body, contentType: type).text == expected.text)
        }
    }

    @Test func largeBodiesGoToAComputeThread() throws {
        let (service, model) = try taught()
        defer { service.service.stop(within: 1) }
        var generator = SeededGenerator(seed: 5)
        let rows = (0..<20_000).map { _ in [generator.normal(), generator.normal()] }
        let expected = try model.predict(rows).text
        for (type, body) in [(Self.ndjson, ArrayBodies.lines(rows)), (Self.npy, ArrayBodies.npy(rows))] {
            #expect(try model.client.send("POST", model.path + "/predict", body, contentType: type).text == expected)
        }
    }

    @Test(arguments: [
        ("learn", "application/x-npy", "npz"), ("unlearn", "application/x-npy", "npz"), ("learn", "text/csv", "application/x-ndjson"),
        ("predict", "image/png", "application/x-npy"), ("learn", "application/x-www-form-urlencoded", "--json"),
    ])
    func otherTypesAreRefusedWithHelp(call: String, type: String, help: String) throws {
        let (service, model) = try taught()
        defer { service.service.stop(within: 1) }
        let reply = try model.client.send("POST", model.path + "/" + call, ArrayBodies.npy(ArrayBodies.features), contentType: type)
        #expect(reply.status == 415)
        #expect(reply.problemDetail.contains(help))
        #expect(reply.fields["accept-post"]?.contains("application/json") == true)
    }

    /// Bodies that are refused, with the status and words of the detail.
    private static func refused() throws -> [BadRequest] {
        let learn = "/v1/models/m/learn"
        let predict = "/v1/models/m/predict"
        let rows = ArrayBodies.features
        func bad(_ name: String, _ path: String, _ body: [UInt8], _ type: String, _ status: Int = 400, _ names: [String]) -> BadRequest {
            BadRequest(name, "POST", path, bytes: body, contentType: type, status, names: names)
        }
        return [
            bad("npy with three columns", predict, ArrayBodies.npy([[1, 2, 3]]), npy, 400, ["features", "[1, 3]", "[rows, 2]"]),
            bad("npy without rows", predict, ArrayBodies.npy([]), npy, 400, ["no rows"]),
            bad("npy that is cut", predict, Array(ArrayBodies.npy(rows).dropLast()), npy, 400, ["63 bytes", "64"]),
            bad("npy that is JSON", predict, Array("[[1,2]]".utf8), npy, 400, ["npy"]),
            bad("npy with NaN", predict, ArrayBodies.npy([[1, 2], [1, .nan]]), npy, 400, ["features[1][1]", "nan"]),
            bad("npy with infinity", predict, ArrayBodies.npy([[1, -.infinity]], type: "<f4"), npy, 400, ["features[0][1]"]),
            bad("npy beyond the limit", predict, ArrayBodies.npy([[1e51, 1]]), npy, 400, ["features[0][0]", "1e50"]),
            bad("npz for predict with labels", predict, ArrayBodies.compressed, npz, 400, ["labels", "features"]),
            bad("npz that is cut", learn, Array(ArrayBodies.compressed.dropLast(3)), npz, 400, ["npz"]),
            bad(
                "npz with a changed octet", learn,
                ArrayBodies.compressed.enumerated().map { $0 == 90 ? $1 ^ 0x40 : $1 }, npz, 400, ["features"]),
            bad("safetensors without labels", learn, try ArrayBodies.safetensors(rows), safetensors, 400, ["labels", "missing"]),
            bad(
                "safetensors with one label", learn, try ArrayBodies.safetensors(rows, integers: [1]), safetensors, 400,
                ["labels", "[1]", "[4]"]),
            bad(
                "safetensors with five labels in its metadata", learn, try ArrayBodies.safetensors(rows, labels: "[1,2,3,4,5]"),
                safetensors,
                400, ["labels", "4"]),
            bad(
                "safetensors with another tensor", learn, try ArrayBodies.safetensors(rows, integers: [1, 2, 3, 4], extra: "mask"),
                safetensors, 400, ["mask", "features, labels"]),
            bad(
                "safetensors with an empty label", learn, try ArrayBodies.safetensors([[1, 2]], labels: #"[""]"#), safetensors, 400,
                ["labels[0]"]),
            bad("NDJSON without a label", learn, ArrayBodies.lines(rows), ndjson, 400, ["line 1", "label"]),
            bad("NDJSON with a label for predict", predict, ArrayBodies.lines(rows, ArrayBodies.labels), ndjson, 400, ["line 1", "label"]),
            bad("NDJSON without a line", predict, Array("\n \n".utf8), ndjson, 400, ["no rows"]),
            bad(
                "NDJSON with features twice", predict, Array(#"{"features":[1,2],"features":[1,2]}"#.utf8), ndjson, 400,
                ["features", "twice"]),
            bad("NDJSON with text behind", predict, Array("{\"features\":[1,2]}\n{\"features\":[1,2]}x".utf8), ndjson, 400, ["line 2"]),
            bad("NDJSON with a short row", learn, Array(#"{"features":[1],"label":"a"}"#.utf8), ndjson, 400, ["line 1", "1 value", "2"]),
            bad("NDJSON with an empty label", learn, Array(#"{"features":[1,2],"label":""}"#.utf8), ndjson, 400, ["line 1", "label"]),
            bad("NDJSON with two labels", learn, Array(#"{"features":[1,2],"label":1,"label":2}"#.utf8), ndjson, 400, ["line 1", "twice"]),
            bad(
                "NDJSON with an endless line", learn,
                Array("{\"features\":[1,2],\"label\":\"".utf8) + [UInt8](repeating: 0x61, count: 100_000),
                ndjson, 400, ["line 1", "longer"]),
            bad("top that is no number", predict + "?top=x", ArrayBodies.npy(rows), npy, 400, ["top"]),
            bad("top of 0", predict + "?top=0", ArrayBodies.npy(rows), npy, 400, ["top", "1"]),
        ]
    }

    @Test func badBodiesAreRefusedAndChangeNothing() throws {
        for request in try Self.refused() { try request.expectRefusal() }
    }

    @Test func aCompressedBodyMayNotGrowBeyondTheLimit() throws {
        let service = try TestService { $0.server.maximumBodySize = 100 }
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        // The archive itself is too long here; a service with room for it but not for its content refuses the array.
        #expect(try model.client.send("POST", model.path + "/learn", ArrayBodies.compressed, contentType: Self.npz).status == 413)
        let reader = BodyReader(format: .npz, dimension: 2, maximumArrayBytes: 150)
        var features: [Double] = []
        var labels = PackedStrings()
        #expect(throws: Problem.self) {
            try ArrayBodies.compressed.withUnsafeBytes { try reader.readLabelled($0, features: &features, labels: &labels) }
        }
        #expect(features.isEmpty)
    }
}
