import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// `?probability=true`, and what models report about their calibration.
@Suite struct ProbabilityTests {
    /// Rows around one of three overlapping means.
    private static func rows(_ count: Int, _ generator: inout SeededGenerator) -> (features: [[Double]], labels: [String]) {
        let labels = (0..<count).map { _ in Int.random(in: 0..<3, using: &generator) }
        // Values that Float32 holds, so that nothing is rounded on the way.
        let features = labels.map { label in
            (0..<4).map { Double(Float(($0 == label ? 2 : 0) + generator.normal())) }
        }
        return (features, labels.map { "c\($0)" })
    }

    /// A model that has learned this many rows, ten at a time.
    private func model(
        _ client: TestClient, rows count: Int, config: String = #"{"dimension":4}"#, _ generator: inout SeededGenerator
    ) throws {
        #expect(try client.send("PUT", "/v1/models/m", config).status == 201)
        for _ in stride(from: 0, to: count, by: 10) {
            let (features, labels) = Self.rows(10, &generator)
            #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn(features, labels)).status == 200)
        }
    }

    private func predict(_ client: TestClient, _ features: [[Double]], top: Int? = 3, _ query: String = "?probability=true") throws -> Reply
    {
        try client.send("POST", "/v1/models/m/predict" + query, Bodies.predict(features, top: top))
    }

    @Test func nothingIsSaidBeforeEnoughLabels() throws {
        let service = try TestService()
        let client = service.client()
        var generator = SeededGenerator(seed: 1)
        // The first request meets no known class.
        try model(client, rows: 200, &generator)
        let features = Self.rows(3, &generator).features
        let reply = try predict(client, features)
        #expect(reply.text.contains(#""weights":"plain","calibration":null,"predictions":["#))
        #expect(!reply.text.contains("\"probability\""))
        #expect(try predict(client, features, "")["predictions"] == reply["predictions"])
        #expect(try client.send("GET", "/v1/models/m").json.object?["calibration"] == .null)
    }

    @Test func probabilitiesAreTheSoftmaxOfScoresOverTheTemperature() throws {
        let service = try TestService()
        let client = service.client()
        var generator = SeededGenerator(seed: 2)
        try model(client, rows: 600, &generator)
        let details = try client.send("GET", "/v1/models/m")["calibration"]
        #expect(
            details.object?.entries.map(\.key) == [
                "temperature", "samples", "expected_calibration_error", "expected_calibration_error_raw", "coverage",
            ])
        let temperature = try #require(details["temperature"].double)
        #expect(details["samples"].int == 590)
        let (calibrated, raw) = (details["expected_calibration_error"].double ?? 1, details["expected_calibration_error_raw"].double ?? 0)
        #expect(calibrated < 0.1 && raw > 0.2)
        var features = Self.rows(7, &generator).features
        // A value beyond Float32 takes the slow path, and 2,000 rows go through BLAS.
        let beyond = [[1e39, 0, 0, 0]]
        let many = Self.rows(2000, &generator).features
        for batch in [features, beyond, many] {
            let reply = try predict(client, batch)
            #expect(reply["calibration"].object?.entries.map(\.key) == ["temperature", "samples"])
            #expect(reply["calibration"]["temperature"].double == temperature && reply["calibration"]["samples"].int == 590)
            let without = try predict(client, batch, "")
            #expect(!without.text.contains("calibration") && !without.text.contains("probability"))
            let (predictions, others) = (reply["predictions"].array ?? [], without["predictions"].array ?? [])
            #expect(predictions.count == batch.count && others.count == batch.count)
            for (prediction, other) in zip(predictions, others) {
                let entries = prediction["top"].array ?? []
                let scores = entries.compactMap { $0["score"].double }
                #expect(scores.count == 3 && scores == (other["top"].array ?? []).compactMap { $0["score"].double })
                let powers = scores.map { exp(($0 - scores[0]) / temperature) }
                for (entry, power) in zip(entries, powers) {
                    let probability = try #require(entry["probability"].double)
                    #expect(abs(probability - power / powers.reduce(0, +)) < 1e-5)
                }
                #expect(prediction["probability"] == entries[0]["probability"])
            }
        }
        // Without `top` too; a new ridge restarts calibration.
        #expect(try predict(client, features, top: nil)["predictions"][0]["probability"].double != nil)
        #expect(try client.send("PATCH", "/v1/models/m", #"{"ridge":5}"#)["calibration"] == .null)
        features = [[0, 0, 0, 0]]
        #expect(try predict(client, features).text.contains(#""calibration":null"#))
    }

    @Test func balancedWeightsHaveTheirOwnTemperature() throws {
        let service = try TestService()
        let client = service.client()
        var generator = SeededGenerator(seed: 3)
        try model(client, rows: 100, config: #"{"dimension":4,"imbalance":{"kind":"pseudo_features","cap":8}}"#, &generator)
        #expect(try client.send("POST", "/v1/models/m/rebalance").status == 200)
        for _ in 0..<30 {
            let (features, labels) = Self.rows(10, &generator)
            try client.send("POST", "/v1/models/m/learn", Bodies.learn(features, labels))
        }
        let details = try client.send("GET", "/v1/models/m")
        #expect(details["calibration"]["samples"].int == 390 && details["balanced_calibration"]["samples"].int ?? 0 >= 300)
        let features = Self.rows(1, &generator).features
        let balanced = try predict(client, features)
        #expect(balanced["weights"].string == "balanced")
        #expect(balanced["calibration"]["temperature"] == details["balanced_calibration"]["temperature"])
        let plain = try predict(client, features, "?probability=true&weights=plain")
        #expect(plain["calibration"]["temperature"] == details["calibration"]["temperature"])
        #expect(plain["calibration"] != balanced["calibration"])
    }

    @Test func snapshotsCarryIt() throws {
        let service = try TestService()
        let client = service.client()
        var generator = SeededGenerator(seed: 4)
        try model(client, rows: 400, &generator)
        let calibration = try client.send("GET", "/v1/models/m")["calibration"]
        let file = try client.send("GET", "/v1/models/m/snapshot").body
        let copy = ModelClient(service, "copy")
        #expect(try copy.restore(file).status == 201)
        #expect(try copy.details()["calibration"] == calibration)
        // Users who predict from the file read the temperature in its metadata, even if it contains only the weights.
        for body in [file, try client.send("GET", "/v1/models/m/snapshot?parts=weights").body] {
            #expect(try Double(EditedSnapshot(body).metadataValue("temperature") ?? "") == calibration["temperature"].double)
        }
        // A file from before calibration existed.
        var old = try EditedSnapshot(file)
        for part in ["summary", "likelihood", "reliability", "sets"] { old["calibration." + part] = nil }
        old.setMetadata("temperature", nil)
        #expect(try copy.restore(old.encoded()).status == 200)
        #expect(try copy.details().json.object?["calibration"] == .null)
        // Contradictory parts are named.
        for part in ["summary", "likelihood", "reliability"] {
            var damaged = try EditedSnapshot(file)
            damaged["calibration." + part] = nil
            let incomplete = try copy.restore(damaged.encoded())
            #expect(incomplete.status == 400 && incomplete.problemDetail.contains("calibration." + part), "\(incomplete.text)")
            damaged = try EditedSnapshot(file)
            damaged.set("calibration." + part, 2, to: Double.nan)
            let reply = try copy.restore(damaged.encoded())
            #expect(reply.status == 400 && reply.problemDetail.contains("calibration." + part), "\(reply.text)")
            damaged["calibration." + part]!.shape = [1, damaged["calibration." + part]!.shape.reduce(1, *)]
            #expect(try copy.restore(damaged.encoded()).problemDetail.contains("calibration." + part))
        }
    }

    @Test func aRestartKeepsIt() throws {
        let models = KeptModels()
        var service = try models.start()
        var generator = SeededGenerator(seed: 5)
        try model(service.client(), rows: 400, &generator)
        let before = try service.client().send("GET", "/v1/models/m")["calibration"]
        service.stop()
        service = try models.start()
        #expect(try before["temperature"].double != nil && service.client().send("GET", "/v1/models/m")["calibration"] == before)
    }
}
