import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import AnalyticLearning
@testable import ClassifierService
@testable import ModelHost

/// Balance chosen by the request or the model: `?balance`, `"prior"`, `/v2`, and the setting.
@Suite struct BalanceTests {
    /// Many rows of class c0, some of c1, few of c2, around overlapping means; values that Float32 holds.
    private static func rows(_ count: Int, _ generator: inout SeededGenerator) -> (features: [[Double]], labels: [String]) {
        let labels = (0..<count).map { _ in [0, 0, 0, 0, 0, 0, 0, 1, 1, 2][Int.random(in: 0..<10, using: &generator)] }
        let features = labels.map { label in (0..<4).map { Double(Float(($0 == label ? 1 : 0) + generator.normal())) } }
        return (features, labels.map { "c\($0)" })
    }

    private func learn(_ client: TestClient, _ count: Int, _ generator: inout SeededGenerator) throws {
        for _ in stride(from: 0, to: count, by: 10) {
            let (features, labels) = Self.rows(10, &generator)
            #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn(features, labels)).status == 200)
        }
    }

    private func predict(_ client: TestClient, _ features: [[Double]], _ query: String = "", prior: String? = nil) throws -> Reply {
        let rows = features.map { "[" + $0.map { "\($0)" }.joined(separator: ",") + "]" }.joined(separator: ",")
        let more = prior.map { ",\"prior\":" + $0 } ?? ""
        return try client.send("POST", "/v1/models/m/predict" + query, "{\"features\":[\(rows)],\"top\":3" + more + "}")
    }

    /// What `s′ = s + T(log π′ − log π)` gives, computed from the plain answer and the model's details alone.
    private func expect(_ reply: Reply, from plain: Reply, _ shares: [String: Double], _ client: TestClient, _ comment: String) throws {
        let details = try client.send("GET", "/v1/models/m")
        let temperature = try #require(details["calibration"]["temperature"].double)
        let classes = details["evaluation"]["classes"].array ?? []
        let counts = Dictionary(uniqueKeysWithValues: classes.map { ($0["label"].string!, Double($0["count"].int!)) })
        let (rows, sum) = (counts.values.reduce(0, +), shares.values.reduce(0, +))
        for (one, other) in zip(reply["predictions"].array ?? [], plain["predictions"].array ?? []) {
            let scores = Dictionary(
                uniqueKeysWithValues: (other["top"].array ?? []).map { entry in
                    let label = entry["label"].string!
                    return (label, entry["score"].double! + temperature * (log(shares[label]! / sum) - log(counts[label]! / rows)))
                })
            let highest = scores.values.max()!
            let powers = scores.mapValues { exp(($0 - highest) / temperature) }
            let top = one["top"].array ?? []
            #expect(top.count == 3 && top[0]["label"] == one["label"] && top[0]["score"] == one["score"])
            for (rank, entry) in top.enumerated() {
                let (label, score) = (entry["label"].string!, entry["score"].double!)
                #expect(abs(score - scores[label]!) < 1e-5 * max(1, abs(score)), "\(comment)")
                #expect(abs(entry["probability"].double! - powers[label]! / powers.values.reduce(0, +)) < 1e-5, "\(comment)")
                if rank > 0 { #expect(score <= top[rank - 1]["score"].double!) }
            }
        }
    }

    @Test func scoresLabelsAndProbabilitiesAreThoseOfTheFormula() throws {
        let service = try TestService()
        let client = service.client()
        var generator = SeededGenerator(seed: 1)
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":4}"#).status == 201)
        try learn(client, 600, &generator)
        // Also many rows, which BLAS scores, and one beyond Float32.
        for features in [Self.rows(5, &generator).features, Self.rows(2000, &generator).features, [[1e39, 1, 0, 0]]] {
            let plain = try predict(client, features, "?probability=true")
            #expect(!plain.text.contains("\"balance\"") && !plain.text.contains("\"prior\""))
            let zero = try predict(client, features, "?probability=true&balance=0")
            #expect(zero["balance"].double == 0 && zero["predictions"] == plain["predictions"])
            let details = try client.send("GET", "/v1/models/m")
            let counts = (details["evaluation"]["classes"].array ?? []).map { ($0["label"].string!, Double($0["count"].int!)) }
            for balance in [0.25, 0.5, 1] {
                let reply = try predict(client, features, "?probability=true&balance=\(balance)")
                #expect(reply["balance"].double == balance)
                let shares = Dictionary(uniqueKeysWithValues: counts.map { ($0.0, pow($0.1, 1 - balance)) })
                try expect(reply, from: plain, shares, client, "balance \(balance), \(features.count) rows")
            }
            let uniform = try predict(client, features, "?probability=true", prior: "\"uniform\"")
            #expect(uniform["prior"].string == "uniform")
            #expect(try uniform["predictions"] == predict(client, features, "?probability=true&balance=1")["predictions"])
            let given = try predict(client, features, "?probability=true", prior: #"{"c2":0.5}"#)
            #expect(given["prior"]["c2"].double == 0.5 && given["prior"].object?.entries.count == 1)
            let rest = counts.filter { $0.0 != "c2" }.reduce(0) { $0 + $1.1 }
            let shares = Dictionary(uniqueKeysWithValues: counts.map { ($0.0, $0.0 == "c2" ? 0.5 : 0.5 * $0.1 / rest) })
            try expect(given, from: plain, shares, client, "a prior, \(features.count) rows")
        }
        // Rare classes are found more often.
        let (features, labels) = Self.rows(1000, &generator)
        func recall(_ query: String) throws -> Int {
            let found = try predict(client, features, query)["predictions"].array ?? []
            return zip(found, labels).count { $1 == "c2" && $0["label"].string == "c2" }
        }
        #expect(try recall("?balance=1") > recall("") + 10)
    }

    @Test func nothingIsAdjustedBeforeThereIsATemperature() throws {
        let service = try TestService()
        let client = service.client()
        var generator = SeededGenerator(seed: 2)
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":4,"balance":0.5}"#).status == 201)
        try learn(client, 100, &generator)
        let features = Self.rows(3, &generator).features
        for (query, prior) in [("", nil), ("?balance=1", nil), ("", "\"uniform\""), ("", #"{"c0":0.1}"#)] as [(String, String?)] {
            let reply = try predict(client, features, query, prior: prior)
            #expect(reply.json.object?[prior == nil ? "balance" : "prior"] == .null, "\(reply.text)")
            #expect(try reply["predictions"] == predict(client, features, "?balance=0")["predictions"])
        }
    }

    @Test func modelsHaveADefault_thatRequestsOverride_andRestartsKeep() throws {
        let models = KeptModels()
        var service = try models.start()
        var client = service.client()
        var generator = SeededGenerator(seed: 3)
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":4}"#)["config"]["balance"].double == 0)
        try learn(client, 400, &generator)
        let features = Self.rows(20, &generator).features
        let (plain, balanced) = (try predict(client, features), try predict(client, features, "?balance=1"))
        let version = try client.send("GET", "/v1/models/m")["version"].int ?? 0
        let files = models.files()
        let patched = try client.send("PATCH", "/v1/models/m", #"{"balance":1}"#)
        #expect(patched["config"]["balance"].double == 1 && patched["version"].int == version + 1)
        #expect(try client.send("PATCH", "/v1/models/m", #"{"balance":1}"#)["version"].int == version + 1)
        // A record of the log, not a checkpoint.
        #expect(models.files() == files)
        func check() throws {
            let reply = try predict(client, features)
            #expect(reply["balance"].double == 1 && reply["predictions"] == balanced["predictions"])
            #expect(try predict(client, features, "?balance=0")["predictions"] == plain["predictions"])
        }
        try check()
        // As after a kill: the log brings it back, but not the calibration of rows that were only there.
        let killed = KeptModels()
        try models.copy(to: killed.path)
        #expect(try killed.start().client().send("GET", "/v1/models/m")["config"]["balance"].double == 1)
        service.stop()
        service = try models.start()
        client = service.client()
        #expect(try client.send("GET", "/v1/models/m")["config"]["balance"].double == 1)
        try check()
        // A snapshot has it; one from before it has 0.
        let file = try client.send("GET", "/v1/models/m/snapshot").body
        func restore(_ file: [UInt8]) throws -> Double? {
            let path = "/v1/models/copy"
            #expect(try client.send("PUT", path + "/snapshot", file, contentType: "application/vnd.safetensors").status < 300)
            return try client.send("GET", path)["config"]["balance"].double
        }
        #expect(try restore(file) == 1)
        var old = try EditedSnapshot(file)
        old.setMetadata("config", old.metadataValue("config")?.replacingOccurrences(of: ",\"balance\":1", with: ""))
        old.setMetadata("format", "accrue/1")
        #expect(try restore(old.encoded()) == 0)
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":4,"balance":1}"#).status == 200)
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":4}"#).status == 409)
        // Both at once.
        let both = try client.send("PATCH", "/v1/models/m", #"{"balance":0.5,"ridge":2,"imbalance":{"kind":"pseudo_features"}}"#)
        #expect(both["config"]["balance"].double == 0.5 && both["config"]["ridge"].double == 2)
    }

    @Test func inferencesHaveTheSameScores() throws {
        let service = try TestService()
        let client = service.client()
        var generator = SeededGenerator(seed: 4)
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":4}"#).status == 201)
        try learn(client, 400, &generator)
        let features = Self.rows(4, &generator).features
        func infer(_ parameters: String = "", _ query: String = "") throws -> Reply {
            let data = features.flatMap { $0 }.map { "\($0)" }.joined(separator: ",")
            let input = #"{"name":"features","shape":[4,4],"datatype":"FP64","data":[\#(data)]}"#
            return try client.send("POST", "/v2/models/m/infer" + query, "{\"inputs\":[\(input)]" + parameters + "}")
        }
        func expectSame(_ reply: Reply, as balance: String) throws {
            let other = try predict(client, features, "?probability=true" + balance)
            for (row, prediction) in (other["predictions"].array ?? []).enumerated() {
                #expect(reply["outputs"][0]["data"][row] == prediction["label"])
                for entry in prediction["top"].array ?? [] {
                    let column = Int(String(entry["label"].string!.dropFirst()))!
                    let labels = (try client.send("GET", "/v1/models/m")["evaluation"]["classes"].array ?? []).compactMap {
                        $0["label"].string
                    }
                    let place = row * 3 + labels.firstIndex(of: "c\(column)")!
                    #expect(reply["outputs"][1]["data"][place] == entry["score"])
                    #expect(reply["outputs"][2]["data"][place] == entry["probability"])
                }
            }
        }
        let plain = try infer()
        #expect(plain["parameters"].object?["balance"] == nil)
        try expectSame(plain, as: "")
        let half = try infer(#","parameters":{"balance":0.5}"#)
        #expect(half["parameters"]["balance"].double == 0.5)
        try expectSame(half, as: "&balance=0.5")
        #expect(try infer("", "?balance=0.5")["outputs"] == half["outputs"])
        #expect(try infer(#","parameters":{"balance":0}"#, "?balance=0.5")["outputs"] == plain["outputs"])
        #expect(try client.send("PATCH", "/v1/models/m", #"{"balance":0.5}"#).status == 200)
        #expect(try infer()["outputs"] == half["outputs"])
        for (parameters, query, words) in [
            (#","parameters":{"balance":1.5}"#, "", #"the parameter "balance" is 1.5, expected a number from 0 to 1"#),
            (#","parameters":{"balance":"1"}"#, "", "balance"), ("", "?balance=x", #""balance" is "x""#),
        ] {
            let reply = try infer(parameters, query)
            #expect(reply.status == 400 && reply["error"].string?.contains(words) == true, "\(reply.text)")
        }
        let refused = try infer(#","parameters":{"weights":"balanced"}"#)
        #expect(refused.status == 409 && refused["error"].string?.contains("has no balanced weights") == true)
        #expect(try infer("", "?weights=balanced").status == 409)
    }

    /// More classes than an event loop looks through: a compute thread answers.
    @Test func manyClassesAreLookedThroughElsewhere() throws {
        let service = try TestService()
        let client = service.client()
        let count = BalanceWish.inlineClasses + 10
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":2,"balance":0.5}"#).status == 201)
        let rows = (0..<count).map { [Double($0 % 7), 1] }
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn(rows, (0..<count).map { "c\($0)" })).status == 200)
        let plain = try predict(client, [[1, 2]], "?balance=0")
        let prior = #"{"c4000":0.5,"c4100":0.25}"#
        for (query, prior) in [("", nil), ("?balance=1", nil), ("", prior), ("", "\"uniform\"")] as [(String, String?)] {
            let reply = try predict(client, [[1, 2]], query, prior: prior)
            #expect(reply.status == 200 && reply["predictions"] == plain["predictions"], "\(reply.text.prefix(300))")
            #expect(reply.json.object?[prior == nil ? "balance" : "prior"] == .null)
        }
        let refused = try predict(client, [[1, 2]], prior: #"{"c9999":0.5}"#)
        #expect(refused.status == 400 && refused.problemDetail.contains("\"c9999\""))
        #expect(try predict(client, [[1, 2]], "?balance=1", prior: prior).status == 400)
        let infer = #"{"inputs":[{"name":"features","shape":[1,2],"datatype":"FP32","data":[1,2]}],"parameters":{"balance":1}}"#
        let reply = try client.send("POST", "/v2/models/m/infer", infer)
        #expect(reply.status == 200 && reply["outputs"][0]["data"][0] == plain["predictions"][0]["label"])
    }

    /// Predictions of one turn, or of one product, keep their own balance.
    @Test func companyDoesNotMixBalances() throws {
        let service = try TestService { $0.server.eventLoops = 1 }
        let client = service.client()
        var generator = SeededGenerator(seed: 5)
        #expect(
            try client.send("PUT", "/v1/models/m", #"{"dimension":64,"feature_map":{"kind":"random_relu","width":1100}}"#).status == 201)
        func rows(_ count: Int) -> (features: [[Double]], labels: [String]) {
            let (features, labels) = Self.rows(count, &generator)
            return (features.map { $0 + (0..<60).map { _ in Double(Float(generator.normal())) } }, labels)
        }
        for _ in 0..<30 {
            let (features, labels) = rows(10)
            #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn(features, labels)).status == 200)
        }
        let features = rows(1).features
        let queries = ["", "?balance=0.5", "?balance=1"]
        let expected = try queries.map { try predict(client, features, $0).text }
        #expect(Set(expected).count == 3)
        try onThreads(12) { thread in
            let client = service.client()
            for round in 0..<20 {
                let number = (thread + round) % 3
                let reply = try predict(client, features, queries[number])
                #expect(reply.text == expected[number])
            }
        }
    }
}
