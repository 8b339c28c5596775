import AnalyticLearning
import CommandSupport
import Concurrency
import Foundation
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// `"ridge": "auto"`: the ridge moves while the model learns, is kept on disk, told, and stays exact.
@Suite struct AutomaticRidgeServiceTests {
    private static let width = 160
    private static let automatic = #"{"dimension":160,"ridge":"auto"}"#

    /// Noise with a faint trace of the class: near as many rows as columns, a small ridge fits the noise.
    private struct Stream {
        private var generator = SeededGenerator(seed: 11)
        private(set) var rows: [[Double]] = []
        private(set) var labels: [String] = []

        mutating func next(_ count: Int) -> (rows: [[Double]], labels: [String]) {
            let first = rows.count
            for _ in 0..<count {
                let label = rows.count % 2
                rows.append(
                    (0..<AutomaticRidgeServiceTests.width).map { index in
                        let noise = (0..<4).reduce(0.0) { sum, _ in sum + Double.random(in: -1...1, using: &generator) }
                        return noise + (index < 10 ? Double(label) - 0.5 : 0)
                    })
                labels.append("\(label)")
            }
            return (Array(rows[first...]), Array(labels[first...]))
        }
    }

    /// Learns until the ridge has moved.
    private func learnUntilItMoves(_ model: ModelClient, _ stream: inout Stream) throws -> Reply {
        for _ in 0..<200 {
            let (rows, labels) = stream.next(10)
            let reply = try model.learn(rows, labels)
            try #require(reply.status == 200, "\(reply.text)")
            var details = try model.details()
            // Candidates are solved in the background, and the ridge matters most while rows are few: no row before there are some.
            while details["samples"].int ?? 0 >= 200, details["ridge_race"] == .null {
                usleep(1000)
                details = try model.details()
            }
            if details["ridge"].double != ModelConfiguration.firstRidge { return details }
        }
        return try model.details()
    }

    @Test func ridgeMoves_isKept_andTheModelStaysExact() throws {
        let models = KeptModels()
        var stream = Stream()
        let ridge: Double
        do {
            let kept = try models.start()
            let model = ModelClient(kept.client())
            #expect(try model.create(Self.automatic).status == 201)
            var details = try model.details()
            #expect(details["config"]["ridge"].string == "auto" && details["config"]["auto_metric"].string == "accuracy")
            #expect(details["ridge"].double == 0.1 && details["ridge_race"] == .null)
            let events = try EventStream(kept.client())
            _ = try events.next()
            details = try learnUntilItMoves(model, &stream)
            ridge = try #require(details["ridge"].double)
            try #require(ridge > 0.1, "\(details.text)")
            let race = details["ridge_race"]
            #expect(race["scored_samples"].int ?? 0 > 0 && race["candidates"].array?.count ?? 0 >= 7)
            #expect(race["candidates"].array?.contains { $0["ridge"].double == ridge } == true)
            var move: JSONValue?
            while move == nil {
                let event = try #require(try events.next())
                if event.data["change"].string == "ridge_moved" { move = event.data }
            }
            #expect(move?["former_ridge"].double == 0.1 && move?["version"].int ?? 0 > 20)
            let metrics = try model.client.send("GET", "/metrics").text
            #expect(
                metrics.contains("accrue_model_ridge{model=\"m\"} ") && !metrics.contains("accrue_model_ridge_moves_total{model=\"m\"} 0"))
            // The same setting again is the same model.
            #expect(try model.create(Self.automatic).status == 200)
            #expect(try model.create(#"{"dimension":160}"#).status == 409)
        }
        // Restarted: the ridge in force is kept, and with it the weights.
        let kept = try models.start()
        let model = ModelClient(kept.client())
        let details = try model.details()
        let inForce = try #require(details["ridge"].double)
        #expect(inForce > 0.1 && details["config"]["ridge"].string == "auto")
        var joint = JointSolution(ridge: inForce)
        joint.learn(stream.rows, stream.labels)
        let snapshot = try EditedSnapshot(try model.snapshot().body)
        #expect(joint.relativeDifference(from: snapshot.elements("weight", as: Double.self), labels: snapshot.labels) < 1e-9)
        // A number stays in force.
        let fixed = try model.client.send("PATCH", model.path, #"{"ridge":3}"#)
        #expect(fixed["ridge"].double == 3 && fixed["config"]["ridge"].double == 3 && fixed["ridge_race"] == .null)
        let again = try model.client.send("PATCH", model.path, #"{"ridge":"auto","auto_metric":"balanced_accuracy"}"#)
        #expect(again["ridge"].double == 3 && again["config"]["auto_metric"].string == "balanced_accuracy")
        // A copy keeps the ridge in force too.
        let copy = ModelClient(kept.client(), "copy")
        let restored = try copy.restore(try model.snapshot().body)
        #expect(restored.status == 201 && restored["ridge"].double == 3 && restored["config"]["ridge"].string == "auto", "\(restored.text)")
    }

    @Test func candidatesOfAStateThatWasReplaced_areDropped() throws {
        let service = try TestService()
        let (model, other) = (ModelClient(service), ModelClient(service, "other"))
        try other.create(#"{"dimension":3,"ridge":"auto"}"#)
        try other.learn([[1, 0, 0], [0, 1, 0]], ["a", "b"])
        // The only thread for candidates is busy with something else.
        let gate = DispatchSemaphore(value: 0)
        #expect(service.service.registry.context.ridgePool.run(.reading) { gate.wait() })
        try model.create(Self.automatic)
        var stream = Stream()
        let (rows, labels) = stream.next(220)
        try model.learn(rows, labels)
        // Another state, of other dimensions, takes its place before they are computed.
        #expect(try model.restore(try other.snapshot().body).status == 200)
        gate.signal()
        // A curve asked for afterwards waits behind them, and is that of the new state.
        let curve = try model.client.send("GET", model.path + "/ridge")
        #expect(curve.status == 200 && curve["samples"].int == 2 && curve["curve_samples"].int == 2, "\(curve.text)")
        #expect(try model.details()["ridge_race"] == .null)
        #expect(try model.learn([[0, 0, 1]], ["a"]).status == 200)
    }

    @Test func snapshotWithoutTheRidgeInForce_isRefused() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2,"ridge":"auto"}"#)
        try model.learn([[1, 0], [0, 1]], ["a", "b"])
        for ridge in [nil, "0", "-1", "\"0.1\"", "1e999"] {
            var snapshot = try EditedSnapshot(try model.snapshot().body)
            snapshot.setMetadata("ridge", ridge)
            let reply = try ModelClient(service, "copy").restore(try snapshot.encoded())
            #expect((400...422).contains(reply.status) && reply.text.contains("ridge"), "\(ridge ?? "none"): \(reply.text)")
        }
    }
}
