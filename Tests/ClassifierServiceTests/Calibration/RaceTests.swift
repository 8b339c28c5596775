import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import AnalyticLearning
@testable import ClassifierService
@testable import ModelHost

/// What is measured is what is served: answers of learn, details, history, metrics and files.
@Suite struct RaceTests {
    private static func rows(_ count: Int, _ generator: inout SeededGenerator) -> (features: [[Double]], labels: [String]) {
        let labels = (0..<count).map { _ in [0, 0, 0, 0, 0, 0, 0, 1, 1, 2][Int.random(in: 0..<10, using: &generator)] }
        let features = labels.map { label in (0..<4).map { Double(Float(($0 == label ? 1 : 0) + generator.normal())) } }
        return (features, labels.map { "c\($0)" })
    }

    /// Learns rows, and compares the answer with the predictions that were served just before.
    ///
    /// - Returns: how many were right.
    @discardableResult
    private func learn(_ client: TestClient, _ count: Int, _ generator: inout SeededGenerator, query: String = "") throws -> Int {
        let (features, labels) = Self.rows(count, &generator)
        func predicted(_ query: String = "") throws -> Int? {
            let reply = try client.send("POST", "/v1/models/m/predict" + query, Bodies.predict(features))
            guard reply.status == 200 else { return nil }
            return zip(reply["predictions"].array ?? [], labels).count { $0["label"].string == $1 }
        }
        let (served, plain) = (try predicted(), try predicted("?weights=plain&balance=0"))
        let reply = try client.send("POST", "/v1/models/m/learn" + query, Bodies.learn(features, labels))
        #expect(reply.status == 200)
        let share = { (right: Int?) in right.map { Double($0) / Double(count) } }
        #expect(reply["served_accuracy_before"].double == share(served) && reply["accuracy_before"].double == share(plain), "\(reply.text)")
        return served ?? 0
    }

    @Test(arguments: [#"{"dimension":4}"#, #"{"dimension":4,"balance":1}"#, #"{"dimension":4,"imbalance":{"kind":"reweight","power":1}}"#])
    func everythingTellsOfWhatIsServed(_ config: String) throws {
        let models = KeptModels()
        var service = try models.start()
        var client = service.client()
        var generator = SeededGenerator(seed: 8)
        #expect(try client.send("PUT", "/v1/models/m", config).status == 201)
        let isBalanced = config.contains("imbalance")
        var (rows, right) = (0, 0)
        for round in 0..<60 {
            // No refresh may come between the predictions and the rows.
            if isBalanced, round > 0 { #expect(try client.send("POST", "/v1/models/m/rebalance").status == 200) }
            right += try learn(client, 10, &generator)
            if round > 0 { rows += 10 }
        }
        var details = try client.send("GET", "/v1/models/m")
        #expect(details["evaluation"]["evaluated_samples"].int == rows)
        #expect(abs(details["evaluation"]["accuracy"].double! - Double(right) / Double(rows)) < 1e-12)
        let confusion = details["evaluation"]["confusion"].array ?? []
        #expect(confusion.reduce(0) { $0 + ($1["label"] == $1["predicted"] ? $1["count"].int! : 0) } == right)
        // The race has the served weights' curve, and that of all others.
        let race = details["race"].array ?? []
        #expect(race.map { $0["weights"].string } == (isBalanced ? ["plain", "balanced"] : ["plain"]))
        #expect(details["evaluation"]["balance"] == race.last)
        for entry in race {
            let points = entry["points"].array ?? []
            #expect(points.map { $0["balance"].double } == [0, 0.25, 0.5, 0.75, 1] && entry["samples"].int ?? 0 > 150)
            #expect(entry["samples"] == race[0]["samples"])
            for point in points {
                for key in ["accuracy", "balanced_accuracy", "expected_calibration_error"] {
                    #expect((0...1).contains(point[key].double ?? -1))
                }
                #expect((0.1...3).contains(point["log_loss"].double ?? -1))
            }
        }
        // Over time, and as metrics.
        let history = try client.send("GET", "/v1/models/m/history")
        #expect(history["race"].array?.count == race.count)
        for (entry, whole) in zip(history["race"].array ?? [], race) {
            let points = entry["history"].array ?? []
            #expect(entry["weights"] == whole["weights"] && points.count > 5 && points.count <= 129)
            #expect(points.last?["samples"] == whole["samples"])
        }
        let (last, now) = (history["points"].array?.last?["accuracy"].double ?? 0, details["evaluation"]["accuracy"].double ?? 1)
        #expect(abs(last - now) < 1e-8)
        let metrics = try client.send("GET", "/metrics").text
        #expect(metrics.contains(#"accrue_model_race_accuracy_ratio{model="m",weights="plain",balance="0.25"}"#))
        #expect(metrics.contains(#"accrue_model_accuracy_ratio{model="m",scope="stream"} \#(details["evaluation"]["accuracy"])"#))
        // Files carry it.
        let file = try client.send("GET", "/v1/models/m/snapshot").body
        service.stop()
        service = try models.start()
        client = service.client()
        #expect(try client.send("GET", "/v1/models/m")["race"] == details["race"])
        #expect(try client.send("GET", "/v1/models/m/history")["race"] == history["race"])
        func restore(_ file: EditedSnapshot) throws -> Reply {
            try client.send("PUT", "/v1/models/copy/snapshot", file.encoded(), contentType: "application/vnd.safetensors")
        }
        #expect(try restore(EditedSnapshot(file)).status == 201)
        #expect(try client.send("GET", "/v1/models/copy")["race"] == details["race"])
        for part in ["summary", "class", "reliability", "history"] {
            var damaged = try EditedSnapshot(file)
            damaged["evaluation.race.plain." + part] = nil
            // A history may be short, but not the rest.
            let incomplete = try restore(damaged)
            #expect(
                part == "history" || part == "class"
                    || incomplete.status == 400 && incomplete.problemDetail.contains("evaluation.race.plain"),
                "\(part): \(incomplete.text)")
            damaged = try EditedSnapshot(file)
            damaged.set("evaluation.race.plain." + part, 1, to: Double.nan)
            let reply = try restore(damaged)
            #expect(reply.status == 400 && reply.problemDetail.contains("evaluation.race.plain." + part), "\(part): \(reply.text)")
        }
        var old = try EditedSnapshot(file)
        for kind in ["plain", "balanced"] {
            for part in ["summary", "class", "reliability", "history"] { old["evaluation.race.\(kind)." + part] = nil }
        }
        #expect(try restore(old).status == 200)
        details = try client.send("GET", "/v1/models/copy")
        #expect(details["race"].array?.isEmpty == true && details["evaluation"]["balance"] == .null)
    }

    @Test func repeatedAnswer_hasTheServedAccuracy_alsoAfterARestart() throws {
        let models = KeptModels()
        let service = try models.start()
        var generator = SeededGenerator(seed: 9)
        let client = service.client()
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":4}"#).status == 201)
        try learn(client, 50, &generator)
        let (features, labels) = Self.rows(20, &generator)
        let body = Bodies.learn(features, labels)
        let first = try client.send("POST", "/v1/models/m/learn", body, key: "k")
        #expect(first["served_accuracy_before"].double != nil && first["served_accuracy_before"] == first["accuracy_before"])
        #expect(try client.send("POST", "/v1/models/m/learn", body, key: "k").text == first.text)
        service.stop()
        #expect(try models.start().client().send("POST", "/v1/models/m/learn", body, key: "k").text == first.text)
    }

    @Test func balancedWeightsThatAreNotComputedYet_are409() throws {
        let service = try TestService { $0.host.maximumMemory = 64 << 20 }
        let client = service.client()
        // No refresh starts on a model without rows of any class.
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":2,"imbalance":{"kind":"pseudo_features"}}"#).status == 201)
        let empty = try client.send("POST", "/v1/models/m/predict?weights=balanced", Bodies.predict([[1, 2]]))
        #expect(empty.status == 409 && empty.problemDetail.contains("has no classes yet"))
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 0], [0, 1]], ["a", "b"])).status == 200)
        #expect(try client.send("POST", "/v1/models/m/rebalance").status == 200)
        #expect(try client.send("POST", "/v1/models/m/predict?weights=balanced", Bodies.predict([[1, 2]])).status == 200)
        // Unlearning everything drops them, and there is nothing to compute others from.
        #expect(try client.send("POST", "/v1/models/m/unlearn", Bodies.learn([[1, 0], [0, 1]], ["a", "b"])).status == 200)
        let refused = try client.send("POST", "/v1/models/m/predict?weights=balanced", Bodies.predict([[1, 2]]))
        #expect(refused.status == 409 && refused.problemDetail.contains("are being computed"), "\(refused.text)")
        #expect(try client.send("POST", "/v1/models/m/predict", Bodies.predict([[1, 2]]))["weights"].string == "plain")
    }
}
