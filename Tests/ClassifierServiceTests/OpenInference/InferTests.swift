import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// What `infer` answers, over sockets.
@Suite struct InferTests {
    private struct Fixture {
        let service: TestService
        let model: ModelClient
        let inference: InferenceClient
        let classes: Int

        init(dimension: Int = 6, classes: Int = 5, config: String? = nil, _ configure: (inout ServiceConfiguration) -> Void = { _ in })
            throws
        {
            service = try TestService(configure)
            model = ModelClient(service)
            self.classes = classes
            #expect(try model.create(config ?? #"{"dimension":\#(dimension)}"#).status == 201)
            let rows = Fixture.rows(classes * 4, dimension, seed: 3)
            #expect(try model.learn(rows, rows.indices.map { "ü\($0 % classes)" }).status == 200)
            inference = InferenceClient(client: service.client())
        }

        /// Values that Float32 holds, so that nothing is rounded on the way.
        static func rows(_ count: Int, _ dimension: Int, seed: UInt64) -> [[Double]] {
            var generator = SeededGenerator(seed: seed)
            return (0..<count).map { _ in (0..<dimension).map { _ in Double(Float(generator.normal())) } }
        }

        /// The answer of `predict`: labels, and scores in the order of the columns.
        func predicted(_ rows: [[Double]], weights: String = "") throws -> (labels: [String], scores: [Float]) {
            let reply = try model.client.send(
                "POST", model.path + "/predict" + (weights.isEmpty ? "" : "?weights=\(weights)"), Bodies.predict(rows, top: classes))
            let order = try model.client.send("GET", model.path + "/classes")["classes"].array?.compactMap { $0["label"].string } ?? []
            let predictions = reply["predictions"].array ?? []
            let scores = predictions.flatMap { prediction in
                let byLabel = (prediction["top"].array ?? []).reduce(into: [:]) { $0[$1["label"].string ?? ""] = $1["score"].double }
                return order.compactMap { byLabel[$0].map { Float($0) } }
            }
            return (predictions.compactMap { $0["label"].string }, scores)
        }
    }

    private func floats(_ rows: [[Double]]) -> [[Float]] { rows.map { $0.map { Float($0) } } }

    @Test func answersAreThoseOfPredictInEveryForm() throws {
        let fixture = try Fixture()
        let rows = Fixture.rows(7, 6, seed: 4)
        let expected = try fixture.predicted(rows)
        let (body, headerCount) = InferenceClient.binary(floats(rows))
        let raw = floats(rows).flatMap { $0 }.withUnsafeBytes { Array($0) }
        let all = #","parameters":{"binary_data_output":true}"#
        let mixed = #","outputs":[{"name":"score"},{"name":"label","parameters":{"binary_data":true}}]"#
        let (mixedBody, mixedCount) = InferenceClient.binary(floats(rows), members: mixed)
        let replies = [
            try fixture.inference.infer(InferenceClient.json(rows)),
            try fixture.inference.infer(InferenceClient.json(rows, datatype: "FP64")),
            try fixture.inference.infer(InferenceClient.json(rows, members: all)),
            try fixture.inference.infer(body, headerCount: headerCount),
            try fixture.inference.infer(raw, headerCount: 0), try fixture.inference.infer(mixedBody, headerCount: mixedCount),
            try fixture.inference.infer(body, headerCount: headerCount, path: "/v2/models/m/versions/1/infer"),
        ]
        for (index, reply) in replies.enumerated() {
            #expect(reply.status == 200, "\(reply.text)")
            let outputs = try InferenceOutputs(reply)
            #expect(outputs.names == (index == 5 ? ["score", "label"] : ["label", "score"]) && outputs.rest == 0)
            #expect(outputs.texts["label"] == expected.labels, "\(index)")
            #expect(outputs.numbers["score"] == expected.scores, "\(index)")
            #expect(outputs.shapes == ["label": [7], "score": [7, 5]] && outputs.datatypes == ["label": "BYTES", "score": "FP32"])
            let isBinary = [2, 4, 5].contains(index)
            #expect(reply.fields["content-type"] == (isBinary ? "application/octet-stream" : "application/json"), "\(index)")
            #expect((reply.fields["inference-header-content-length"] != nil) == isBinary)
        }
        #expect(replies[0]["model_name"].string == "m" && replies[0]["model_version"].string == "1" && replies[0]["id"] == .null)
        #expect(replies[0]["parameters"]["weights"].string == "plain")
    }

    @Test func largeBatchesAgreeWithSmallOnesAndKeepTheirOrder() throws {
        let config = #"{"dimension":16,"feature_map":{"kind":"random_relu","width":300,"seed":3}}"#
        let fixture = try Fixture(dimension: 16, classes: 40, config: config)
        // More than one block, and more than an event loop handles itself; large in content, and then only in cost.
        for count in [4000, 400] {
            let rows = Fixture.rows(count, 16, seed: 8)
            let (body, headerCount) = InferenceClient.binary(floats(rows), members: #","parameters":{"binary_data_output":true}"#)
            let reply = try fixture.inference.infer(body, headerCount: headerCount)
            #expect(reply.status == 200)
            let outputs = try InferenceOutputs(reply)
            #expect(outputs.shapes == ["label": [count], "score": [count, 40]] && outputs.rest == 0)
            let scores = try #require(outputs.numbers["score"])
            for row in stride(from: 0, to: count, by: 97) {
                let expected = try fixture.predicted([rows[row]])
                let mine = scores[row * 40..<(row + 1) * 40]
                for (a, b) in zip(mine, expected.scores) { #expect(abs(a - b) <= 1e-4, "row \(row)") }
                let best = mine.max()!
                let label = outputs.texts["label"]![row]
                let column = try #require(Int(label.dropFirst()))
                #expect(best - mine[mine.startIndex + column] <= 1e-4, "row \(row)")
            }
        }
    }

    @Test func classificationListsTheBestClasses() throws {
        let fixture = try Fixture()
        let rows = Fixture.rows(3, 6, seed: 5)
        let (_, scores) = try fixture.predicted(rows)
        for (wanted, isBinary) in [(1, false), (3, true), (5, false), (99, true)] {
            let members = #","outputs":[{"name":"score","parameters":{"classification":\#(wanted),"binary_data":\#(isBinary)}}]"#
            let outputs = try InferenceOutputs(try fixture.inference.infer(InferenceClient.json(rows, members: members)))
            let count = min(wanted, 5)
            #expect(outputs.names == ["score"] && outputs.datatypes["score"] == "BYTES" && outputs.shapes["score"] == [3, count])
            let texts = try #require(outputs.texts["score"])
            #expect(texts.count == 3 * count)
            for row in 0..<3 {
                let mine = Array(scores[row * 5..<(row + 1) * 5])
                let order = mine.indices.sorted { mine[$0] > mine[$1] }
                for (place, column) in order.prefix(count).enumerated() {
                    let parts = texts[row * count + place].split(separator: ":", maxSplits: 2)
                    #expect(Float(String(parts[0])) == mine[column] && parts[1] == "\(column)" && parts[2] == "ü\(column)")
                }
            }
        }
    }

    @Test func compressedBodiesAreRead() throws {
        let fixture = try Fixture()
        let rows = Fixture.rows(2, 6, seed: 4)
        let expected = try fixture.predicted(rows).labels
        let (body, headerCount) = InferenceClient.binary(floats(rows))
        for (coding, compressed) in [
            ("gzip", Compressed.gzip(body)), ("x-gzip", Compressed.gzip(body)), ("GZIP", Compressed.gzip(body)),
            ("deflate", Compressed.zlib(body)), ("identity", body),
        ] {
            let reply = try fixture.inference.infer(compressed, headerCount: headerCount, fields: ["Content-Encoding: \(coding)"])
            #expect(reply.status == 200, "\(coding): \(reply.text)")
            #expect(try InferenceOutputs(reply).texts["label"] == expected)
        }
        // More than an event loop decompresses itself.
        let many = Fixture.rows(5500, 6, seed: 6)
        let labels = #","outputs":[{"name":"label"}]"#
        let (large, largeCount) = InferenceClient.binary(floats(many), members: labels)
        #expect(large.count > ServiceLimits().inlineBody)
        let plain = try fixture.inference.infer(large, headerCount: largeCount)
        for (coding, compressed) in [("gzip", Compressed.gzip(large)), ("deflate", Compressed.zlib(large))] {
            let reply = try fixture.inference.infer(compressed, headerCount: largeCount, fields: ["Content-Encoding: \(coding)"])
            #expect(reply.body == plain.body)
        }
        // Several members; the last contains only white space.
        let json = InferenceClient.json(rows)
        let padded = Compressed.gzip(Array(json.utf8)) + Compressed.gzip([UInt8](repeating: 32, count: 1 << 20))
        #expect(try fixture.inference.infer(padded, fields: ["Content-Encoding: gzip"]).status == 200)
    }

    @Test func bombsAreRefused() throws {
        let fixture = try Fixture { $0.server.maximumBodySize = 1 << 20 }
        let zeros = [UInt8](repeating: 0, count: (1 << 20) + 1)
        let bomb = Compressed.member(zeros, deflated: Compressed.deflatedZeros(zeros.count))
        #expect(bomb.count < 1 << 14)
        let reply = try fixture.inference.infer(bomb, fields: ["Content-Encoding: gzip"])
        #expect(reply.status == 413)
        #expect(reply.inferenceError.contains("1048576 octets"))
        // The largest allowed size: decompressed, and then not JSON.
        let fits = Compressed.member(Array(zeros.dropLast()), deflated: Compressed.deflatedZeros(zeros.count - 1))
        #expect(try fixture.inference.infer(fits, fields: ["Content-Encoding: gzip"]).status == 400)
    }

    @Test func weightsAreThoseAskedFor() throws {
        let config = #"{"dimension":6,"imbalance":{"kind":"reweight","power":1}}"#
        let fixture = try Fixture(config: config)
        try fixture.model.learn(Fixture.rows(50, 6, seed: 21), (0..<50).map { _ in "ü0" })
        #expect(try fixture.model.client.send("POST", fixture.model.path + "/rebalance").status == 200)
        let rows = Fixture.rows(4, 6, seed: 22)
        let (plain, balanced) = (
            try fixture.predicted(rows, weights: "plain").scores, try fixture.predicted(rows, weights: "balanced").scores
        )
        #expect(plain != balanced)
        for (members, query, expected, name) in [
            ("", "", balanced, "balanced"), (#","parameters":{"weights":"plain"}"#, "", plain, "plain"),
            (#","parameters":{"weights":"balanced"}"#, "?weights=plain", balanced, "balanced"), ("", "?weights=plain", plain, "plain"),
        ] {
            let reply = try fixture.inference.infer(
                InferenceClient.json(rows, members: members), path: fixture.inference.path + query)
            #expect(try InferenceOutputs(reply).numbers["score"] == expected)
            #expect(reply["parameters"]["weights"].string == name)
            #expect((reply["parameters"]["balanced_version"].int != nil) == (name == "balanced"))
        }
    }

    @Test func probabilitiesComeWhereTheModelIsCalibrated() throws {
        let fixture = try Fixture()
        let rows = Fixture.rows(3, 6, seed: 41)
        let named = InferenceClient.json(rows, members: #","outputs":[{"name":"probability"}]"#)
        let early = try fixture.inference.infer(named)
        #expect(early.status == 409 && early.inferenceError.contains("probability") && early.inferenceError.contains("200"))
        #expect(try fixture.model.client.send("GET", "/v2/models/m")["outputs"].array?.count == 3)

        for step in 0..<30 {
            let more = Fixture.rows(10, 6, seed: UInt64(100 + step))
            try fixture.model.learn(more, more.map { "ü\($0[0] > 0 ? 1 : 0)" })
        }
        #expect(
            try fixture.model.client.send("GET", "/v2/models/m")["outputs"].array?.compactMap { $0["name"].string } == [
                "label", "score", "probability", "novelty",
            ])
        let predicted = try fixture.model.client.send(
            "POST", fixture.model.path + "/predict?probability=true", Bodies.predict(rows))
        let reply = try fixture.inference.infer(InferenceClient.json(rows))
        let outputs = try InferenceOutputs(reply)
        #expect(outputs.names == ["label", "score", "probability"] && outputs.shapes["probability"] == [3, 5])
        #expect(reply["parameters"]["temperature"] == predicted["calibration"]["temperature"])
        let probabilities = try #require(outputs.numbers["probability"])
        for row in 0..<3 {
            let mine = probabilities[row * 5..<(row + 1) * 5]
            #expect(abs(mine.reduce(0, +) - 1) < 1e-5)
            #expect(predicted["predictions"][row]["probability"].double.map { Float($0) } == mine.max())
        }
        let best = try InferenceOutputs(
            try fixture.inference.infer(
                InferenceClient.json(rows, members: #","outputs":[{"name":"probability","parameters":{"classification":1}}]"#)))
        #expect(best.names == ["probability"] && best.datatypes["probability"] == "BYTES")
        for row in 0..<3 {
            let parts = best.texts["probability"]![row].split(separator: ":")
            #expect(Float(String(parts[0])) == probabilities[row * 5..<(row + 1) * 5].max())
            #expect(String(parts[2]) == outputs.texts["label"]![row])
        }
    }

    @Test func valuesBeyondFloatAreScoredInDouble() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2,"ridge":1e-3}"#)
        try model.learn([[1, 0], [0, 1]], ["a", "b"])
        let inference = InferenceClient(client: service.client())
        let outputs = try InferenceOutputs(
            try inference.infer(InferenceClient.json([[1e45, 2e45], [1e40, -1e40], [1, 2]], datatype: "FP64")))
        #expect(outputs.texts["label"] == ["b", "a", "b"])
        let scores = try #require(outputs.numbers["score"])
        #expect(scores[0] == .greatestFiniteMagnitude && scores[3] == -.greatestFiniteMagnitude && abs(scores[5] - 2) < 0.01)
        // FP32 whose products overflow.
        let (body, count) = InferenceClient.binary([[3e38, -3e38]])
        let wide = try InferenceOutputs(try inference.infer(body, headerCount: count))
        #expect(wide.texts["label"] == ["a"] && wide.numbers["score"]?.allSatisfy { $0.isFinite } == true)
    }

    @Test func idComesBack() throws {
        let fixture = try Fixture()
        let members = #","id":"ä \"quoted\" \u0041""#
        let reply = try fixture.inference.infer(InferenceClient.json(Fixture.rows(1, 6, seed: 1), members: members))
        #expect(reply["id"].string == "ä \"quoted\" A")
    }

    @Test func answersTooLargeAreRefusedBeforeTheyAreMade() throws {
        let fixture = try Fixture(dimension: 1, classes: 100, config: #"{"dimension":1}"#) { $0.server.maximumBodySize = 1 << 20 }
        let rows = [[Float]](repeating: [1], count: 4000)
        let (body, count) = InferenceClient.binary(rows)
        let reply = try fixture.inference.infer(body, headerCount: count)
        #expect(reply.status == 422)
        #expect(reply.inferenceError.contains("1048576") && reply.inferenceError.contains("classification"))
        let (labels, labelsCount) = InferenceClient.binary(rows, members: #","outputs":[{"name":"label"}]"#)
        #expect(try fixture.inference.infer(labels, headerCount: labelsCount).status == 200)
        let (classes, classesCount) = InferenceClient.binary(
            rows, members: #","outputs":[{"name":"score","parameters":{"classification":100}}]"#)
        #expect(try fixture.inference.infer(classes, headerCount: classesCount).status == 422)
    }

    @Test func versionsOtherThanTheCurrentAreNotFound() throws {
        let fixture = try Fixture()
        let body = InferenceClient.json(Fixture.rows(1, 6, seed: 1))
        for version in ["0", "2", "01", "1.0", "x", "%31x", "-1"] {
            let reply = try fixture.inference.infer(body, path: "/v2/models/m/versions/\(version)/infer")
            #expect(reply.status == 404, "\(version)")
            #expect(reply.inferenceError.contains("current version is 1"), "\(reply.text)")
        }
        #expect(try fixture.inference.infer(body, path: "/v2/models/m/versions/%31/infer").status == 200)
        try fixture.model.learn(Fixture.rows(1, 6, seed: 2), ["ü0"])
        #expect(try fixture.inference.infer(body, path: "/v2/models/m/versions/1/infer").status == 404)
        #expect(try fixture.inference.infer(body, path: "/v2/models/m/versions/2/infer").status == 200)
    }

    @Test func inferencesGoOnWhileTheModelLearns() throws {
        let fixture = try Fixture()
        let rows = Fixture.rows(200, 6, seed: 31)
        let (body, count) = InferenceClient.binary(floats(rows), members: #","parameters":{"binary_data_output":true}"#)
        let (many, manyCount) = InferenceClient.binary(
            floats(Fixture.rows(5500, 6, seed: 32)), members: #","parameters":{"binary_data_output":true}"#)
        let service = fixture.service
        try onThreads(4) { index in
            if index == 0 {
                let model = ModelClient(service)
                for step in 0..<20 { #expect(try model.learn([rows[step]], ["new\(step)"]).status == 200) }
            } else {
                let inference = InferenceClient(client: service.client())
                for _ in 0..<8 {
                    let reply =
                        index == 1
                        ? try inference.infer(many, headerCount: manyCount) : try inference.infer(body, headerCount: count)
                    let outputs = try InferenceOutputs(reply)
                    #expect(reply.status == 200 && outputs.rest == 0)
                    #expect(outputs.shapes["score"].map { $0[0] * $0[1] } == outputs.numbers["score"]?.count)
                }
            }
        }
    }
}
