import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// What `predict` answers.
@Suite struct PredictTests {
    /// A service with a model whose scores are random.
    private func randomModel(_ service: TestService, dimension: Int, classes: Int, config: String? = nil) throws -> ModelClient {
        let model = ModelClient(service)
        #expect(try model.create(config ?? #"{"dimension":\#(dimension)}"#).status == 201)
        var generator = SeededGenerator(seed: 7)
        let rows = (0..<(classes * 3)).map { _ in (0..<dimension).map { _ in generator.normal() } }
        #expect(try model.learn(rows, rows.indices.map { "c\($0 % classes)" }).status == 200)
        return model
    }

    private func rows(_ count: Int, _ dimension: Int, seed: UInt64 = 11) -> [[Double]] {
        var generator = SeededGenerator(seed: seed)
        // Values that Float32 holds, so that nothing is rounded on the way.
        return (0..<count).map { _ in (0..<dimension).map { _ in Double(Float(generator.normal())) } }
    }

    /// The `predictions` as their text in the answer, one per row.
    private func texts(_ reply: Reply) -> [String] { (reply["predictions"].array ?? []).map(\.description) }

    @Test func bestClassesComeInDescendingOrder() throws {
        let service = try TestService()
        let model = try randomModel(service, dimension: 12, classes: 50)
        for top in [1, 2, 5, 31, 32, 33, 49, 50] {
            let reply = try model.predict(rows(4, 12), top: top)
            for prediction in reply["predictions"].array ?? [] {
                let entries = prediction["top"].array ?? []
                #expect(entries.count == top)
                let scores = entries.compactMap { $0["score"].double }
                #expect(zip(scores, scores.dropFirst()).allSatisfy { $0 >= $1 }, "\(scores)")
                #expect(Set(entries.compactMap { $0["label"].string }).count == top)
                #expect(entries[0]["label"] == prediction["label"] && entries[0]["score"] == prediction["score"])
            }
        }
    }

    @Test func fewerBestClassesAreTheFirstOfMore() throws {
        let service = try TestService()
        let model = try randomModel(service, dimension: 12, classes: 50)
        let all = try model.predict(rows(3, 12), top: 50)
        for top in [1, 3, 32, 40] {
            let some = try model.predict(rows(3, 12), top: top)
            for row in 0..<3 {
                #expect(some["predictions"][row]["top"].array == all["predictions"][row]["top"].array.map { Array($0.prefix(top)) })
            }
        }
    }

    @Test func topBeyondTheClassesGivesAllOfThem() throws {
        let service = try TestService()
        let model = try randomModel(service, dimension: 4, classes: 3)
        for top in [3, 4, 1000, Int.max] {
            #expect(try model.predict([[1, 2, 3, 4]], top: top)["predictions"][0]["top"].array?.count == 3)
        }
        #expect(try model.predict([[1, 2, 3, 4]])["predictions"][0].object?["top"] == nil)
    }

    @Test func earlierOfEqualClassesGoesFirst() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        // Every class has learned the same row, so all scores are equal.
        let labels = (0..<40).map { "c\($0 * 7 % 40)" }
        #expect(try model.learn([[Double]](repeating: [1, 2], count: 40), labels).status == 200)
        for top in [1, 5, 40] {
            let reply = try model.predict([[3, 4]], top: top)
            #expect(reply["predictions"][0]["top"].array?.compactMap { $0["label"].string } == Array(labels.prefix(top)))
        }
        #expect(try model.predict([[3, 4]])["predictions"][0]["label"].string == labels[0])
        #expect(try model.predict([[-3, -4]])["predictions"][0]["label"].string == labels[0])
        // All scores zero.
        #expect(try model.predict([[0, 0]])["predictions"][0]["label"].string == labels[0])
    }

    @Test(arguments: [
        #"{"dimension":37}"#, #"{"dimension":37,"feature_map":{"kind":"random_relu","width":70,"seed":3}}"#,
        #"{"dimension":37,"feature_map":{"kind":"random","activation":"gelu","width":70,"seed":3,"include_input":true}}"#,
        #"{"dimension":37,"feature_map":{"kind":"random","activation":"cos","width":70,"seed":3,"scale":9}}"#,
    ])
    func rowHasTheSameBitsAloneAndInASmallBatch(_ config: String) throws {
        let service = try TestService()
        let model = try randomModel(service, dimension: 37, classes: 9, config: config)
        let rows = rows(12, 37)
        let together = texts(try model.predict(rows, top: 9))
        for (index, row) in rows.enumerated() {
            #expect(texts(try model.predict([row], top: 9)) == [together[index]], "row \(index)")
        }
        for start in 0..<9 {
            #expect(texts(try model.predict(Array(rows[start..<(start + 3)]), top: 9)) == Array(together[start..<(start + 3)]))
        }
    }

    @Test(arguments: [
        #"{"dimension":64}"#, #"{"dimension":64,"feature_map":{"kind":"random_relu","width":200,"seed":3}}"#,
    ])
    func largeBatchAgreesWithSmallOnes(_ config: String) throws {
        let service = try TestService()
        let model = try randomModel(service, dimension: 64, classes: 40, config: config)
        // Large in content and in cost: a compute thread scans and scores it.
        let rows = rows(1500, 64)
        #expect(Bodies.predict(rows).count > ServiceLimits().inlineBody)
        let large = try model.predict(rows, top: 2)
        #expect(large.status == 200)
        let predictions = large["predictions"].array ?? []
        #expect(predictions.count == rows.count)
        for start in stride(from: 0, to: rows.count, by: 50) {
            let small = try model.predict(Array(rows[start..<(start + 50)]), top: 2)["predictions"].array ?? []
            for (index, prediction) in small.enumerated() {
                let other = predictions[start + index]
                let (mine, theirs) = (prediction["score"].double ?? .nan, other["score"].double ?? .nan)
                #expect(abs(mine - theirs) <= 1e-4 * max(1, abs(mine)), "row \(start + index): \(mine), \(theirs)")
                let second = prediction["top"][1]["score"].double ?? .nan
                // If two classes are as close as Float32 can distinguish, either may come first.
                if mine - second > 1e-4 { #expect(prediction["label"] == other["label"], "row \(start + index)") }
            }
        }
    }

    @Test func smallContentOfLargeCostIsScoredByAComputeThread() throws {
        let service = try TestService()
        let config = #"{"dimension":8,"feature_map":{"kind":"random_relu","width":1500}}"#
        let model = try randomModel(service, dimension: 8, classes: 30, config: config)
        let rows = rows(100, 8)
        #expect(Bodies.predict(rows).count < ServiceLimits().inlineBody)
        let large = try model.predict(rows)
        for (index, row) in rows.enumerated() where index % 10 == 0 {
            let small = try model.predict([row])["predictions"][0]
            #expect(abs((small["score"].double ?? .nan) - (large["predictions"][index]["score"].double ?? .nan)) < 1e-4)
        }
    }

    @Test func scoresAreThoseOfTheSnapshotsWeights() throws {
        let service = try TestService()
        let config = #"{"dimension":6,"feature_map":{"kind":"random_relu","width":20,"seed":5}}"#
        let model = try randomModel(service, dimension: 6, classes: 4, config: config)
        let snapshot = try EditedSnapshot(try model.snapshot("?parts=weights").body)
        let omega: [Float] = snapshot.elements("feature_map.projection")
        let weights: [Double] = snapshot.elements("weight")
        for row in rows(20, 6) {
            let h = (0..<20).map { output in max(0, (0..<6).reduce(0) { $0 + row[$1] * Double(omega[$1 * 20 + output]) }) }
            let scores = (0..<4).map { column in (0..<20).reduce(0) { $0 + h[$1] * weights[$1 * 4 + column] } }
            let reply = try model.predict([row], top: 4)
            for entry in reply["predictions"][0]["top"].array ?? [] {
                let column = snapshot.labels.firstIndex(of: entry["label"].string ?? "")!
                #expect(abs((entry["score"].double ?? .nan) - scores[column]) < 1e-5)
            }
        }
    }

    @Test func modelIsFoundByItsPercentEncodedName() throws {
        let service = try TestService()
        let model = ModelClient(service, "v1.2-a_b")
        try model.create(#"{"dimension":2}"#)
        try model.learn([[1, 2]], ["a"])
        for name in ["v1.2-a_b", "v1%2E2-a_b", "%76%31%2e%32%2d%61%5f%62"] {
            let reply = try model.client.send("POST", "/v1/models/\(name)/predict", Bodies.predict([[1, 2]]))
            #expect(reply.status == 200, "\(name): \(reply.text)")
            #expect(reply["model"].string == "v1.2-a_b")
        }
    }

    @Test func labelsComeBackAsTheyWere() throws {
        let service = try TestService()
        let model = ModelClient(service)
        let labels = ["plain", "ünïcödé 😀", #"quote " backslash \ slash /"#, "tab\tline\nbell\u{7}", "\u{2028}", "null", "0", " "]
        try model.create(#"{"dimension":\#(labels.count)}"#)
        let rows = labels.indices.map { index in labels.indices.map { $0 == index ? 1.0 : 0 } }
        let learned = try model.learn(rows, labels)
        #expect(learned["new_classes"].array?.compactMap(\.string) == labels)
        #expect(try model.predict(rows)["predictions"].array?.compactMap { $0["label"].string } == labels)
        #expect(try EditedSnapshot(try model.snapshot().body).labels == labels)
    }

    @Test func everyRowIsAnsweredInItsPlace() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":16}"#)
        let identity = (0..<16).map { index in (0..<16).map { $0 == index ? 1.0 : 0 } }
        try model.learn(identity, (0..<16).map { "c\($0)" })
        for count in [1, 2, 3, 5, 17, 1000, 20_000] {
            let rows = (0..<count).map { identity[$0 * 7 % 16] }
            let reply = try model.predict(rows)
            #expect(reply["predictions"].array?.compactMap { $0["label"].string } == (0..<count).map { "c\($0 * 7 % 16)" })
        }
    }
}
