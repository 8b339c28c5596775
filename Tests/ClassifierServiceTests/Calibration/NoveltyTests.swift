import AnalyticLearning
import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// `?novelty=true`, `?reject=…` and `?coverage=…`, in both protocols.
@Suite struct NoveltyTests {
    private static let dimension = 8

    private func rows(_ count: Int, _ generator: inout SeededGenerator, classes: Int = 4) -> (features: [[Double]], labels: [String]) {
        var (features, labels): ([[Double]], [String]) = ([], [])
        for _ in 0..<count {
            let label = Int(generator.next() % UInt64(classes))
            labels.append("c\(label)")
            features.append((0..<Self.dimension).map { Double(Float(generator.normal() + ($0 == label ? 3 : 0.2))) })
        }
        return (features, labels)
    }

    private func learn(_ model: ModelClient, _ count: Int, _ generator: inout SeededGenerator) throws {
        for _ in stride(from: 0, to: count, by: 50) {
            let part = rows(50, &generator)
            try model.learn(part.features, part.labels)
        }
    }

    private func predict(_ model: ModelClient, _ features: [[Double]], _ query: String) throws -> Reply {
        try model.client.send("POST", model.path + "/predict" + query, Bodies.predict(features, top: 2))
    }

    private func infer(_ model: ModelClient, _ features: [[Double]], _ more: String) throws -> Reply {
        let data = features.map { $0.map { "\($0)" }.joined(separator: ",") }.joined(separator: ",")
        let input = #"{"name":"features","shape":[\#(features.count),\#(Self.dimension)],"datatype":"FP32","data":[\#(data)]}"#
        let path = model.path.replacing("/v1/", with: "/v2/") + "/infer"
        return try model.client.send("POST", path, #"{"inputs":[\#(input)]\#(more)}"#)
    }

    /// The formula, from the sums of the rows.
    private func expected(_ learned: [[Double]], _ labels: [String], _ rows: [[Double]], ridge: Double) -> [Double] {
        let names = Array(Set(labels)).sorted()
        let total = Double(learned.count)
        let dimension = Self.dimension
        func mean(_ rows: [[Double]]) -> [Double] { (0..<dimension).map { i in rows.reduce(0) { $0 + $1[i] } / Double(rows.count) } }
        let means = names.map { name in mean(zip(learned, labels).filter { $1 == name }.map(\.0)) }
        let all = (0..<dimension).map { i in learned.reduce(0) { $0 + $1[i] } / total }
        func distance(_ row: [Double], _ centre: [Double], _ scatter: [[Double]]) -> Double {
            // Gaussian elimination of scatter·z = x.
            let x = zip(row, centre).map { $0 - $1 }
            var (a, z) = (scatter, x)
            for k in 0..<dimension {
                for i in (k + 1)..<max(dimension, k + 1) {
                    let factor = a[i][k] / a[k][k]
                    for j in k..<dimension { a[i][j] -= factor * a[k][j] }
                    z[i] -= factor * z[k]
                }
            }
            for k in stride(from: dimension - 1, through: 0, by: -1) {
                for j in (k + 1)..<max(dimension, k + 1) { z[k] -= a[k][j] * z[j] }
                z[k] /= a[k][k]
            }
            return zip(x, z).reduce(0) { $0 + $1.0 * $1.1 }
        }
        func scatter(_ centre: (Int) -> [Double]) -> [[Double]] {
            var result = (0..<dimension).map { i in (0..<dimension).map { $0 == i ? ridge : 0 } }
            for (index, row) in learned.enumerated() {
                let x = zip(row, centre(index)).map { $0 - $1 }
                for i in 0..<dimension { for j in 0..<dimension { result[i][j] += x[i] * x[j] } }
            }
            return result
        }
        let within = scatter { means[names.firstIndex(of: labels[$0])!] }
        let whole = scatter { _ in all }
        return rows.map { row in means.map { distance(row, $0, within) }.min()! - distance(row, all, whole) }
    }

    @Test func novelty_isTheRelativeMahalanobisDistance_inBothProtocolsAndOnEveryPath() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":8,"ridge":0.5}"#)
        var generator = SeededGenerator(seed: 4)
        let learned = rows(300, &generator)
        // One class: there is none, and why.
        try model.learn([learned.features[0]], ["c0"])
        let alone = try predict(model, [learned.features[1]], "?novelty=true")
        #expect(alone.status == 200 && alone["novelty_unavailable"].string == "fewer than two classes have rows")
        #expect(alone.json.object?["predictions"]?.array?[0].object?["novelty"] == .null)
        #expect(try infer(model, [learned.features[1]], #","outputs":[{"name":"novelty"}]"#).status == 409)
        _ = try model.client.send("POST", model.path + "/unlearn", Bodies.learn([learned.features[0]], ["c0"]))
        try model.learn(learned.features, learned.labels)
        // More rows than an event loop scores, and some that are far away.
        let test = rows(3000, &generator).features + [[Double](repeating: 1000, count: 8), [Double](repeating: 0, count: 8)]
        let truth = expected(learned.features, learned.labels, test, ridge: 0.5)
        func check(_ values: [Double], _ truth: ArraySlice<Double>, _ comment: Comment) {
            #expect(values.count == truth.count, comment)
            for (value, truth) in zip(values, truth) { #expect(abs(value - truth) < 1e-4 * max(abs(truth), 0.01), comment) }
        }
        func novelties(_ reply: Reply) -> [Double] { (reply["predictions"].array ?? []).compactMap { $0["novelty"].double } }
        check(novelties(try predict(model, test, "?novelty=true")), truth[...], "a large body")
        check(novelties(try predict(model, Array(test[..<5]), "?novelty=true")), truth[..<5], "a small body")
        let both = try predict(model, Array(test[..<5]), "?novelty=true&leverage=true&probability=true")
        check(novelties(both), truth[..<5], "beside leverage")
        #expect(both["predictions"][0]["leverage"].double != nil)
        #expect(!(try predict(model, Array(test[..<5]), "")).text.contains("novelty"))
        let answer = try infer(model, Array(test[..<5]), #","outputs":[{"name":"novelty"},{"name":"label"}]"#)
        #expect(answer["outputs"][0]["name"].string == "novelty" && answer["outputs"][0]["shape"].array?.count == 1)
        check((answer["outputs"][0]["data"].array ?? []).compactMap(\.double), truth[..<5], "/v2")
        #expect(!(try infer(model, Array(test[..<5]), "")).text.contains("novelty"))
        // Rows that do not fit Float32.
        let large = try predict(model, [[Double](repeating: 1e42, count: 8)], "?novelty=true")
        #expect(try #require(large["predictions"][0]["novelty"].double) > 1e70)
    }

    /// Where balanced weights are served, novelty still comes from the plain ones' scores.
    @Test func balancedWeights_leaveTheNoveltyAsItIs() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":8,"ridge":0.5,"sketch_rank":4,"imbalance":{"kind":"reweight"}}"#)
        var generator = SeededGenerator(seed: 5)
        let learned = rows(300, &generator)
        try model.learn(learned.features, learned.labels)
        #expect(try model.client.send("POST", model.path + "/rebalance").status == 200)
        for count in [3, 2000] {
            let test = rows(count, &generator).features
            let (balanced, plain) = (
                try predict(model, test, "?novelty=true"), try predict(model, test, "?novelty=true&weights=plain")
            )
            #expect(balanced["weights"].string == "balanced")
            func values(_ reply: Reply, _ key: String) -> [Double] { (reply["predictions"].array ?? []).compactMap { $0[key].double } }
            #expect(values(balanced, "novelty") == values(plain, "novelty") && values(plain, "novelty").count == count)
            #expect(values(balanced, "score") != values(plain, "score"))
        }
    }

    @Test func reject_leavesNovelRowsWithoutALabel() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":8,"ridge":0.5}"#)
        var generator = SeededGenerator(seed: 6)
        try learn(model, 500, &generator)
        let early = try predict(model, rows(1, &generator).features, "?reject=0.01")
        #expect(early.status == 409 && early.problemDetail.contains("expected 1000"), "\(early.text)")
        try learn(model, 1500, &generator)
        let test = rows(2000, &generator).features
        let reply = try predict(model, test, "?reject=0.01&novelty=true")
        #expect(reply["rejection"]["share"].double == 0.01 && reply["rejection"]["samples"].int! > 1500)
        let threshold = try #require(reply["rejection"]["threshold"].double)
        var rejected = 0
        for row in reply["predictions"].array ?? [] {
            let isRejected = try #require(row["rejected"].bool as Bool?)
            #expect(isRejected == (row["novelty"].double! > threshold))
            #expect(isRejected == (row.object?["label"] == .null))
            #expect(row["top"][0]["label"].string != nil)
            rejected += isRejected ? 1 : 0
        }
        #expect((8...50).contains(rejected))
        // A row unlike all classes where they differ.
        let far = [[8, 8, -6, -6, 0.2, 0.2, 0.2, 0.2]]
        let strange = try predict(model, far, "?reject=0.01")
        #expect(strange["predictions"][0]["rejected"].bool == true)
        #expect(strange.json.object?["predictions"]?.array?[0].object?["novelty"] == nil)
        let answer = try infer(model, far + [test[0]], #","parameters":{"reject":0.01}"#)
        #expect(answer["outputs"][0]["data"][0].string == "" && answer["outputs"].array?.count == 3)
        #expect(answer["parameters"]["reject"].double == 0.01 && answer["parameters"]["novelty_threshold"].double != nil)
        // Answered rows are counted, whatever the protocol; a refused answer has none.
        let unlabelled = (answer["outputs"][0]["data"].array ?? []).count { $0.string == "" }
        #expect(try predict(model, far, "?reject=0.9").status == 400)
        let counted = try service.client().send("GET", "/metrics").text.split(separator: "\n").first {
            $0.hasPrefix("accrue_model_rejected_rows_total{model=\"m\"}")
        }
        #expect(counted?.split(separator: " ").last.flatMap { Int($0) } == rejected + 1 + unlabelled)
        // What was measured is saved.
        let copy = ModelClient(service, "copy")
        #expect(try copy.restore(try model.snapshot().body).status == 201)
        let restored = try predict(copy, Array(test[..<3]), "?reject=0.01&novelty=true")
        #expect(restored["rejection"] == reply["rejection"])
        #expect(restored["predictions"][2]["novelty"] == reply["predictions"][2]["novelty"])
        // A new ridge changes all scores: rows are measured again.
        #expect(try model.client.send("PATCH", model.path, #"{"ridge":1}"#).status == 200)
        #expect(try predict(model, far, "?reject=0.01").status == 409)
        #expect(try predict(model, far, "?novelty=true").status == 200)
    }

    @Test func coverage_addsSetsOfLabels() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":8,"ridge":0.5}"#)
        var generator = SeededGenerator(seed: 7)
        let row = rows(1, &generator).features
        try learn(model, 100, &generator)
        let early = try predict(model, row, "?coverage=0.9")
        #expect(early.status == 409 && early.problemDetail.contains("200 rows"), "\(early.text)")
        try learn(model, 2900, &generator)
        let test = rows(1000, &generator)
        for level in ["0.8", "0.9", "0.95", "0.99"] {
            let reply = try predict(model, test.features, "?coverage=\(level)")
            var covered = 0
            for (prediction, label) in zip(reply["predictions"].array ?? [], test.labels) {
                let set = (prediction["set"].array ?? []).compactMap(\.string)
                if let first = set.first { #expect(prediction["label"].string == first) }
                #expect(!prediction.object!.entries.map(\.key).contains("probability"))
                covered += set.contains(label) ? 1 : 0
            }
            #expect(abs(Double(covered) / 1000 - Double(level)!) < 0.06, "\(level)")
            #expect(reply["coverage"]["level"].double == Double(level))
            let answer = try infer(model, Array(test.features[..<3]), #","parameters":{"coverage":\#(level)}"#)
            let sets = try #require(answer["outputs"].array?.last)
            #expect(sets["name"].string == "set" && sets["datatype"].string == "BYTES")
            for place in 0..<3 {
                let set = try JSONValue(parsing: try #require(sets["data"][place].string))
                #expect(set == reply["predictions"][place]["set"])
            }
        }
        let details = try model.client.send("GET", model.path)
        let coverage = try #require(details["calibration"]["coverage"].array)
        #expect(coverage.count == 4 && coverage.allSatisfy { abs($0["covered"].double! - $0["level"].double!) < 0.02 })
        #expect(coverage.allSatisfy { $0["mean_size"].double! > 0 })
    }

    @Test func noveltyAndSets_areThoseOfScoresWithoutABalance() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":8,"ridge":0.5}"#)
        var generator = SeededGenerator(seed: 9)
        // Half of the rows are of one class, so that a balance has something to even out.
        for _ in 0..<40 {
            let (common, others) = (rows(25, &generator, classes: 1), rows(25, &generator))
            try model.learn(common.features + others.features, common.labels + others.labels)
        }
        let test = rows(200, &generator).features
        let options = "novelty=true&reject=0.05&coverage=0.9"
        let plain = try predict(model, test, "?\(options)")
        let balanced = try predict(model, test, "?\(options)&balance=1")
        func values(_ reply: Reply, _ key: String) -> [JSONValue] { (reply["predictions"].array ?? []).map { $0[key] } }
        for key in ["novelty", "set", "rejected"] {
            #expect(values(plain, key).count == 200 && values(plain, key) == values(balanced, key), "\(key)")
        }
        #expect(values(plain, "score") != values(balanced, "score") && values(plain, "label") != values(balanced, "label"))
        let more = #","outputs":[{"name":"novelty"},{"name":"set"},{"name":"score"}],"parameters":{"coverage":0.9,"balance":BALANCE}"#
        let answers = try ["0", "1"].map { try infer(model, test, more.replacing("BALANCE", with: $0)) }
        #expect(answers.allSatisfy { $0.status == 200 }, "\(answers[1].text.prefix(300))")
        for output in 0..<2 { #expect(answers[0]["outputs"][output]["data"] == answers[1]["outputs"][output]["data"]) }
        #expect(answers[0]["outputs"][2]["data"] != answers[1]["outputs"][2]["data"])
        // The same where the model's own setting balances, and where other weights are served.
        #expect(try model.client.send("PATCH", model.path, #"{"balance":1,"imbalance":{"kind":"pseudo_features"}}"#).status == 200)
        #expect(try model.client.send("POST", model.path + "/rebalance").status == 200)
        let served = try predict(model, test, "?novelty=true")
        #expect(served["weights"].string == "balanced" && values(served, "novelty") == values(plain, "novelty"))
    }

    @Test func badOptions_areRefused() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":8}"#)
        var generator = SeededGenerator(seed: 8)
        try learn(model, 50, &generator)
        let row = rows(1, &generator).features
        for (query, words) in [
            ("reject=0", "expected a share from 0.002 to 0.5"), ("reject=0.6", "expected a share"), ("reject=-0.1", "expected a share"),
            ("reject=x", "expected a share"), ("reject=nan", "expected a share"), ("reject=0x1", "expected a share"),
            ("coverage=0.85", "expected 0.8, 0.9, 0.95 or 0.99"), ("coverage=1", "expected 0.8"), ("coverage=", "expected 0.8"),
            ("novelty=yes", "expected true or false"),
        ] {
            let reply = try predict(model, row, "?" + query)
            #expect(reply.status == 400 && reply.problemDetail.contains(words), "\(query): \(reply.text)")
        }
        for (more, words) in [
            (#","parameters":{"reject":0.9}"#, "expected a number from 0.002 to 0.5"),
            (#","parameters":{"coverage":0.5}"#, "expected a number from 0.8 to 0.99"),
            (#","parameters":{"coverage":0.85}"#, "expected 0.8, 0.9, 0.95 or 0.99"),
            (#","parameters":{"coverage":"0.9"}"#, "coverage"), (#","outputs":[{"name":"set"}]"#, "needs the parameter"),
            (#","outputs":[{"name":"novelty","parameters":{"classification":2}}]"#, "classification"),
        ] {
            let reply = try infer(model, row, more)
            #expect(reply.status == 400 && reply.text.contains(words), "\(more): \(reply.text)")
        }
    }
}
