import AnalyticLearning
import TensorFormats
import Testing

@testable import ClassifierService

/// Features and weights of every size: labels are those of the solution in Float64, on every path by which rows are read and scored.
@Suite struct ScaleTests {
    /// Rows of about the size `scale`; their class is the sign of their first value.
    private func rows(_ count: Int, scale: Double, _ generator: inout SeededGenerator) -> (features: [[Double]], labels: [String]) {
        let features = (0..<count).map { _ in (0..<4).map { _ in generator.normal() * scale } }
        return (features, features.map { $0[0] < 0 ? "below" : "above" })
    }

    private func labels(of reply: Reply) -> [String] { (reply["predictions"].array ?? []).compactMap { $0["label"].string } }

    /// With features of 1e-42 and these ridges, a weight exceeds Float32, is below its normal numbers, or neither while the rows are.
    @Test(arguments: [
        (1e-42, 1e-80), (1e-42, 1e-88), (1e-42, 0.1), (1e-42, 1e-44), (1e-30, 1e-62), (1e-25, 0.1), (1e-15, 1e-30), (1, 0.1), (1e15, 0.1),
        (1e30, 0.1),
        (1e42, 0.1), (1e49, 1e90),
    ])
    func labelsAreThoseOfFloat64(scale: Double, ridge: Double) throws {
        try TestService.run { service in
            for (name, kind) in [("m", #"{"kind":"identity"}"#), ("mapped", #"{"kind":"random_relu","width":32,"seed":2}"#)] {
                var generator = SeededGenerator(seed: 3)
                let model = ModelClient(service, name)
                #expect(
                    try model.create(#"{"dimension":4,"feature_map":\#(kind),"ridge":\#(ridge),"imbalance":{"kind":"pseudo_features"}}"#)
                        .status == 201)
                let data = rows(200, scale: scale, &generator)
                #expect(try model.learn(data.features, data.labels).status == 200)
                #expect(try model.client.send("POST", model.path + "/rebalance").status == 200)
                // The same model in Float64, from its own snapshot.
                let snapshot = try EditedSnapshot(try model.snapshot().body)
                let probes = rows(300, scale: scale, &generator).features
                for weights in ["plain", "balanced"] {
                    let tensor = weights == "plain" ? "weight" : "weight.balanced"
                    let expected = Reference(snapshot, tensor).labels(probes)
                    #expect(Set(expected).count == 2)
                    try expectLabels(expected, probes, service, model, weights, "\(scale), \(ridge), \(name), \(weights)")
                }
            }
        }
    }

    /// Requests the labels on every path.
    private func expectLabels(
        _ expected: [String], _ probes: [[Double]], _ service: TestService, _ model: ModelClient, _ weights: String, _ comment: String
    ) throws {
        let path = model.path + "/predict?weights=\(weights)"
        // On an event loop, a single row and a few; on a compute thread, all.
        #expect(labels(of: try model.client.send("POST", path, Bodies.predict([probes[0]]))) == [expected[0]], "\(comment): one")
        #expect(
            labels(of: try model.client.send("POST", path, Bodies.predict(Array(probes[..<20])))) == Array(expected[..<20]),
            "\(comment): 20")
        #expect(labels(of: try model.client.send("POST", path, Bodies.predict(probes))) == expected, "\(comment): all")
        let many = Array(repeatElement(probes, count: 20).joined())
        #expect(
            labels(of: try model.client.send("POST", path, Bodies.predict(many))) == Array(repeatElement(expected, count: 20).joined()),
            "\(comment): many")
        #expect(
            labels(of: try model.client.send("POST", path + "&leverage=true", Bodies.predict(Array(probes[..<20]))))
                == Array(expected[..<20]),
            "\(comment): leverage")
        let lines = probes.map { "{\"features\":[\($0.map { "\($0)" }.joined(separator: ","))]}\n" }.joined()
        let ndjson = try model.client.send("POST", path, Array(lines.utf8), contentType: "application/x-ndjson")
        #expect(labels(of: ndjson) == expected, "\(comment): NDJSON")
        let members = #","parameters":{"weights":"\#(weights)"}"#
        let client = InferenceClient(client: model.client, model: model.name)
        for count in [1, 20, 300] {
            let json = InferenceClient.json(Array(probes[..<count]), datatype: "FP64", members: members)
            let outputs = try InferenceOutputs(try client.infer(json))
            #expect(outputs.texts["label"] == Array(expected[..<count]), "\(comment): infer \(count)")
        }
    }

    /// h·W in Float64 from a snapshot.
    private struct Reference {
        let labels: [String]
        let width: Int
        let weights: [Double]
        let projection: [Float]

        init(_ snapshot: EditedSnapshot, _ tensor: String) {
            labels = snapshot.labels
            weights = snapshot.elements(tensor)
            width = weights.count / labels.count
            projection = snapshot.elements("feature_map.projection")
        }

        func labels(_ rows: [[Double]]) -> [String] {
            rows.map { row in
                let h =
                    projection.isEmpty
                    ? row
                    : (0..<width).map { output in
                        max(0, row.indices.reduce(0) { $0 + row[$1] * Double(projection[$1 * width + output]) })
                    }
                let scores = labels.indices.map { column in
                    h.indices.reduce(0) { $0 + h[$1] * weights[$1 * labels.count + column] }
                }
                return labels[scores.indices.max { scores[$0] < scores[$1] }!]
            }
        }
    }

    /// Rows that vanish in Float32 beside ordinary weights, and rows of zeros, which do not.
    @Test func rowsThatVanish_areScoredInFloat64() throws {
        try TestService.run { service in
            var generator = SeededGenerator(seed: 4)
            let model = ModelClient(service)
            try model.create(#"{"dimension":4}"#)
            let data = rows(100, scale: 1, &generator)
            try model.learn(data.features, data.labels)
            let probes = rows(50, scale: 1, &generator).features
            let expected = labels(of: try model.predict(probes))
            for scale in [1e-20, 1e-30, 1e-36] {
                #expect(labels(of: try model.predict(probes.map { $0.map { $0 * scale } })) == expected, "\(scale)")
            }
            let zeros = try model.predict([[0, 0, 0, 0]])
            #expect(zeros["predictions"][0]["score"].double == 0)
        }
    }

    /// Float64 weights are counted while there are any, and not for ordinary models.
    @Test func memoryOfWeightsInFloat64_isCounted() throws {
        try TestService.run { service in
            let model = ModelClient(service)
            try model.create(#"{"dimension":4,"ridge":1e-80}"#)
            try model.learn([[1, 2, 3, 4], [4, 3, 2, 1]], ["a", "b"])
            let (reserved, memory) = (service.reservedBytes, try model.details()["memory_bytes"].int ?? 0)
            let ordinary = try model.snapshot().body
            let tiny = ModelClient(service, "tiny")
            try tiny.create(#"{"dimension":4,"ridge":1e-80}"#)
            try tiny.learn([[1e-42, 2e-42, 3e-42, 4e-42], [4e-42, 3e-42, 2e-42, 1e-42]], ["a", "b"])
            #expect(service.reservedBytes == 2 * reserved + 64)
            #expect(try tiny.details()["memory_bytes"].int == memory + 64)
            #expect(try tiny.restore(ordinary).status == 200)
            #expect(service.reservedBytes == 2 * reserved)
            try tiny.delete()
            #expect(service.wait { service.reservedBytes == reserved })
        }
    }
}
