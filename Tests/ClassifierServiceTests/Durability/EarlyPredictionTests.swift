import Foundation
import Storage
import StorageTestSupport
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Models predict from their checkpoints before they are recovered.
@Suite struct EarlyPredictionTests {
    private let models = KeptModels()
    private static let configuration =
        #"{"dimension":4,"feature_map":{"kind":"random_relu","width":256,"seed":3},"imbalance":{"kind":"pseudo_features"}}"#
    private static let probe = Bodies.predict([[1, 0, 2, -1], [0, 1, -1, 3]])
    private static let calls = [
        ("GET", "/v1/models/m/classes"), ("GET", "/v1/models/m/history"), ("GET", "/v2/models/m"), ("GET", "/v2/models/m/ready"),
        ("GET", "/v2/models/m/config"),
    ]

    private func rows(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return Bodies.learn(
            (0..<count).map { _ in (0..<4).map { _ in generator.normal() } }, (0..<count).map { "c\($0 % 3)" })
    }

    /// A model with calibrated and balanced weights; large enough that its recovery is a step of its own.
    private func fill(_ service: KeptService) throws {
        let client = service.client()
        #expect(try client.send("PUT", "/v1/models/m", Self.configuration).status == 201)
        for seed in 0..<6 {
            #expect(try client.send("POST", "/v1/models/m/learn", rows(50, seed: UInt64(seed))).status == 200)
            // A refresh in the background may come late: the balanced weights must have scored 200 rows.
            #expect(try client.send("POST", "/v1/models/m/rebalance").status == 200)
        }
    }

    /// A client that checks each answer against the description.
    private func client(_ service: KeptService) -> TestClient {
        TestClient(
            port: service.port, server: service,
            conformance: ThreadSanitizer.isOn ? nil : Conformance(service.service, usesTokens: false))
    }

    private func answers(_ client: TestClient) throws -> [String] {
        try [client.send("POST", "/v1/models/m/predict?probability=true", Self.probe)].map(\.text)
            + Self.calls.map { method, path in try client.send(method, path).text }
    }

    @Test func modelWithoutLoggedRows_predictsBeforeItIsRecovered() throws {
        var service = try models.start()
        try fill(service)
        let before = try answers(service.client())
        #expect(before[0].contains("probability") && before[0].contains("balanced"))
        let details = try service.client().send("GET", "/v1/models/m").json
        let snapshot = try service.client().send("GET", "/v1/models/m/snapshot").body
        service.stop()

        // The first read of the checkpoint is that of the weights.
        let disk = FaultyFileSystem(SystemFileSystem())
        disk.hold(from: 1, of: .open)
        defer { disk.heal() }
        service = try models.start(fileSystem: disk, isReady: false)
        #expect(service.wait { disk.isHolding })
        let client = client(service)
        #expect(try answers(client) == before)
        let early = try client.send("GET", "/v1/models/m").json
        for key in [
            "name", "version", "samples", "classes", "config", "evaluation", "calibration", "balanced_calibration", "balanced_version",
            "memory_bytes",
        ] {
            #expect(early[key] == details[key], "\(key)")
        }
        #expect(early["state"].string == "recovering")
        for key in ["ill_conditioned", "inexact", "condition_estimate", "drift", "solves"] { #expect(early[key] == .null, "\(key)") }

        // It is not ready, and says so everywhere.
        #expect(try client.send("GET", "/readyz").status == 503)
        #expect(try client.send("GET", "/v2/health/ready").status == 503)
        let list = try client.send("GET", "/v1/models")
        #expect(
            list.text
                == #"{"models":[{"name":"m","version":\#(details["version"].int!),"samples":300,"classes":3,"state":"recovering"}]}"#)
        let metrics = try client.send("GET", "/metrics").text
        #expect(metrics.contains(#"accrue_model_state{model="m",state="recovering"} 1"#))
        #expect(metrics.contains(#"accrue_model_samples{model="m"} 300"#))
        #expect(!metrics.contains(#"accrue_model_drift_ratio{model="m"}"#) && metrics.contains("accrue_ready 0"))
        let snapshotType = "application/vnd.safetensors"
        for (method, path, body, type) in [
            ("PUT", "", Array(Self.configuration.utf8), nil), ("POST", "/learn", rows(1, seed: 9), nil),
            ("POST", "/unlearn", rows(1, seed: 0), nil), ("POST", "/rebalance", nil, nil),
            ("POST", "/merge", snapshot, snapshotType), ("GET", "/snapshot", nil, nil), ("PUT", "/snapshot", snapshot, snapshotType),
            ("PATCH", "", Array(#"{"ridge":0.5}"#.utf8), nil), ("PATCH", "/classes/c0", Array(#"{"label":"c"}"#.utf8), nil),
            ("DELETE", "/classes/c0", nil, nil), ("DELETE", "", nil, nil), ("POST", "/predict?leverage=true", Self.probe, nil),
        ] as [(String, String, [UInt8]?, String?)] {
            let reply = try client.send(method, "/v1/models/m" + path, body, contentType: type ?? "application/json")
            #expect(reply.status == 503 && reply.problemDetail.contains("being recovered"), "\(method) \(path): \(reply.text)")
            #expect(reply.fields["retry-after"] != nil)
        }
        #expect(try answers(client) == before)

        disk.heal()
        try service.waitUntilReady()
        // The refused calls have changed nothing, and the same weights go on.
        #expect(try answers(client) == before)
        let late = try client.send("GET", "/v1/models/m").json
        for key in ["memory_bytes", "checkpoint_version", "log_bytes", "queue_depth"] { #expect(early[key] == late[key], "\(key)") }
        #expect(late["state"] == .null && late["ill_conditioned"].bool == false && late["version"] == details["version"])
        #expect(try client.send("GET", "/v1/models/m/snapshot").body == snapshot)
        #expect(try client.send("POST", "/v1/models/m/learn", rows(1, seed: 9))["samples"].int == 301)
    }

    /// Predictions from the checkpoint would go back behind a learn that was answered.
    @Test func modelWithLoggedRows_predictsWhenTheyAreReplayed() throws {
        let first = try models.start()
        try fill(first)
        let copy = KeptModels()
        try models.copy(to: copy.path)
        let version = try first.client().send("GET", "/v1/models/m")["version"].int
        let disk = FaultyFileSystem(SystemFileSystem())
        disk.hold(from: 1, of: .open)
        defer { disk.heal() }
        let service = try copy.start(fileSystem: disk, isReady: false)
        #expect(service.wait { disk.isHolding })
        #expect(try service.client().send("POST", "/v1/models/m/predict", Self.probe).status == 503)
        #expect(try service.client().send("GET", "/v1/models/m").status == 503)
        disk.heal()
        try service.waitUntilReady()
        #expect(try service.client().send("POST", "/v1/models/m/predict", Self.probe).status == 200)
        #expect(try service.client().send("GET", "/v1/models/m")["version"].int == version)
    }

    /// What cannot be recovered does not go on predicting.
    @Test func modelThatIsLost_noLongerPredicts() throws {
        var service = try models.start()
        try fill(service)
        service.stop()
        let disk = FaultyFileSystem(SystemFileSystem())
        disk.hold(from: 1, of: .open)
        defer { disk.heal() }
        service = try models.start(fileSystem: disk, isReady: false)
        #expect(service.wait { disk.isHolding })
        let client = client(service)
        #expect(try client.send("POST", "/v1/models/m/predict", Self.probe).status == 200)
        // This ends the hold too.
        disk.fail(.open, 0, .error(EIO), isLasting: true)
        #expect(service.wait { service.model()?.condition != .recovering })
        let lost = try client.send("POST", "/v1/models/m/predict", Self.probe)
        #expect(lost.status == 503 && lost.problemDetail.contains("could not be recovered"), "\(lost.text)")
        #expect(try client.send("GET", "/v1/models/m").status == 503)
        let entry = try client.send("GET", "/v1/models")["models"][0]
        #expect(entry["state"].string == "lost" && entry["version"] == .null && entry["reason"].string != nil)
        #expect(try client.send("GET", "/readyz").status == 503)
        disk.heal()
        service.stop()
        service = try models.start()
        #expect(try service.client().send("GET", "/v1/models/m")["samples"].int == 300)
    }

    /// A stop does not wait for models that have not begun, and loses nothing.
    @Test func stop_betweenPredictingAndLearning() throws {
        var service = try models.start()
        try fill(service)
        let before = try answers(service.client())
        service.stop()
        for name in ["n", "o"] {
            try FileManager.default.copyItem(atPath: models.path + "/models/m", toPath: "\(models.path)/models/\(name)")
        }
        let disk = FaultyFileSystem(SystemFileSystem())
        // All three predict; the first is about to be recovered.
        disk.hold(from: 3, of: .open)
        defer { disk.heal() }
        service = try models.start(fileSystem: disk, isReady: false)
        #expect(service.wait { disk.isHolding })
        for name in ["m", "n", "o"] {
            #expect(try service.client().send("POST", "/v1/models/\(name)/predict", Self.probe).status == 200)
        }
        let held = service
        let hasStopped = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            held.stop()
            hasStopped.signal()
        }
        #expect(service.wait { held.service.registry.all.isEmpty })
        disk.heal()
        hasStopped.wait()
        service = try models.start()
        #expect(try answers(service.client()) == before)
        for name in ["m", "n", "o"] {
            #expect(try service.client().send("POST", "/v1/models/\(name)/learn", rows(1, seed: 7))["samples"].int == 301)
        }
    }

    /// Weights that do not solve their equations never predict: they are solved again first.
    @Test func weightsThatAreWrong_areSolvedAgainFirst() throws {
        var service = try models.start()
        try fill(service)
        let before = try service.client().send("POST", "/v1/models/m/predict?weights=plain", Self.probe).text
        service.stop()
        let path = models.path + "/models/m/" + models.files().first { $0.hasPrefix("checkpoint") }!
        var snapshot = try EditedSnapshot([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
        let weights: [Double] = snapshot.elements("weight")
        snapshot.set("weight", 5, to: weights[5] + 1)
        try Data(try snapshot.encoded()).write(to: URL(fileURLWithPath: path))
        let disk = FaultyFileSystem(SystemFileSystem())
        disk.hold(from: 1, of: .open)
        defer { disk.heal() }
        service = try models.start(fileSystem: disk, isReady: false)
        #expect(service.wait { disk.isHolding })
        #expect(try service.client().send("POST", "/v1/models/m/predict", Self.probe).status == 503)
        disk.heal()
        try service.waitUntilReady()
        let after = try service.client().send("POST", "/v1/models/m/predict?weights=plain", Self.probe)
        let scores = try [JSONValue(parsing: before), after.json].map { $0["predictions"][0]["score"].double ?? .nan }
        #expect(abs(scores[0] - scores[1]) < 1e-5)
    }
}
