import Foundation
import TensorFormats
import Testing

@testable import ClassifierService

/// `"intercept": true` over HTTP.
@Suite struct InterceptServiceTests {
    private func rows(_ count: Int, seed: UInt64) -> (features: [[Double]], labels: [String]) {
        var generator = SeededGenerator(seed: seed)
        let labels = (0..<count).map { _ in "c\(generator.next() % 3)" }
        return (labels.map { label in (0..<4).map { 5 + generator.normal() + ("c\($0)" == label ? 2 : 0) } }, labels)
    }

    /// What no ridge regression through zero can do: one constant feature of 5, and a ridge so large that weights count for nothing.
    @Test func withAnEnormousRidge_scoresAreTheClassesShares() throws {
        let service = try TestService()
        let (with, without) = (ModelClient(service, "with"), ModelClient(service, "without"))
        #expect(try with.create(#"{"dimension":1,"ridge":1e9,"intercept":true}"#)["config"]["intercept"].bool == true)
        #expect(try without.create(#"{"dimension":1,"ridge":1e9}"#)["config"]["intercept"].bool == false)
        for model in [with, without] { try model.learn([[5], [5], [5], [5]], ["a", "a", "a", "b"]) }
        let scores = try [with, without].map { model in
            try model.predict([[5]], top: 2)["predictions"][0]["top"].array?.compactMap { $0["score"].double } ?? []
        }
        #expect(abs(scores[0][0] - 0.75) < 1e-6 && abs(scores[0][1] - 0.25) < 1e-6)
        #expect(scores[1].allSatisfy { abs($0) < 1e-6 })
    }

    @Test func everyOperation_keepsTheScoresThoseOfOneModelOfTheRows() throws {
        let service = try TestService()
        let config = #"{"dimension":4,"ridge":2,"intercept":true}"#
        let (model, other, plain, whole) = (
            ModelClient(service, "m"), ModelClient(service, "other"), ModelClient(service, "plain"), ModelClient(service, "whole")
        )
        for model in [model, other, whole] { #expect(try model.create(config).status == 201) }
        #expect(try plain.create(#"{"dimension":4}"#).status == 201)
        let (all, probes) = (rows(60, seed: 1), rows(10, seed: 2).features)
        func part(_ range: Range<Int>) -> ([[Double]], [String]) { (Array(all.features[range]), Array(all.labels[range])) }
        func learn(_ model: ModelClient, _ range: Range<Int>) throws {
            let (features, labels) = part(range)
            #expect(try model.learn(features, labels).status == 200)
        }
        for row in 0..<12 { try learn(model, row..<(row + 1)) }
        try learn(model, 12..<35)
        try learn(other, 35..<45)
        try learn(plain, 45..<60)
        for source in [other, plain] {
            let file = try source.snapshot().body
            #expect(try model.client.send("POST", model.path + "/merge", file).status == 200)
        }
        let (features, labels) = part(3..<9)
        #expect(try model.client.send("POST", model.path + "/unlearn", Bodies.learn(features, labels)).status == 200)
        #expect(try model.client.send("PATCH", model.path, #"{"ridge":0.5}"#).status == 200)
        #expect(try model.client.send("PATCH", model.path, #"{"ridge":2}"#).status == 200)
        try whole.learn(Array(all.features[..<3]) + Array(all.features[9...]), Array(all.labels[..<3]) + Array(all.labels[9...]))
        // Rows of no class count in both.
        for model in [model, whole] { #expect(try model.client.send("DELETE", model.path + "/classes/c1").status == 200) }
        func scores(_ model: ModelClient) throws -> [String: [Double]] {
            var result: [String: [Double]] = [:]
            for prediction in try model.predict(probes, top: 2)["predictions"].array ?? [] {
                for entry in prediction["top"].array ?? [] { result[entry["label"].string!, default: []].append(entry["score"].double!) }
            }
            return result.mapValues { $0.sorted() }
        }
        let (expected, found) = (try scores(whole), try scores(model))
        #expect(expected.count == 2 && expected.keys == found.keys)
        for (label, values) in expected { #expect(zip(values, found[label]!).allSatisfy { abs($0 - $1) < 1e-5 }) }
        // The whole curve, novelty and leverage answer.
        #expect(try model.client.send("GET", model.path + "/ridge").status == 200)
        let query = "/predict?novelty=true&leverage=true&balance=0.5"
        #expect(try model.client.send("POST", model.path + query, Bodies.predict(probes, top: 2)).status == 200)
    }
}
