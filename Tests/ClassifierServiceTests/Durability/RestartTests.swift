import AnalyticLearning
import Foundation
import HTTPServer
import Storage
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// What remains after a restart, and what is answered then.
@Suite struct RestartTests {
    private let models = KeptModels()

    private func rows(_ count: Int, _ generator: inout SeededGenerator) -> (features: [[Double]], labels: [String]) {
        (
            (0..<count).map { _ in (0..<6).map { _ in generator.normal() } },
            (0..<count).map { _ in "c\(Int.random(in: 0..<4, using: &generator))" }
        )
    }

    /// A model learns, is stopped cleanly or left as after a crash, and is compared with the joint solution.
    @Test(arguments: [false, true]) func learnedRows_areThereAndExact(isClean: Bool) throws {
        var generator = SeededGenerator(seed: 1)
        var joint = JointSolution(ridge: 0.1)
        let copy = KeptModels()
        var service = try models.start { $0.checkpointLogBytes = 4000 }
        var client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":6}"#)
        var answers: [(key: String, body: [UInt8], answer: String)] = []
        for batch in 0..<40 {
            let (features, labels) = rows(Int.random(in: 1...20, using: &generator), &generator)
            joint.learn(features, labels)
            let body = Bodies.learn(features, labels)
            let reply = try client.send("POST", "/v1/models/m/learn", body, key: "k\(batch)")
            #expect(reply.status == 200)
            answers.append(("k\(batch)", body, reply.text))
        }
        let version = try client.send("GET", "/v1/models/m")["version"].int
        // As after a crash: the files copied while the server still runs.
        if !isClean { try models.copy(to: copy.path) }
        service.stop()
        if isClean { #expect(models.files() == ["checkpoint-40.safetensors", "log-40.wal"]) }
        service = try (isClean ? models : copy).start()
        client = service.client()
        let details = try client.send("GET", "/v1/models/m")
        #expect(details["version"].int == version && details["samples"].int == joint.samples)
        let snapshot = try EditedSnapshot(try client.send("GET", "/v1/models/m/snapshot").body)
        #expect(joint.relativeDifference(from: snapshot.elements("weight"), labels: snapshot.labels) < 1e-9)
        // Every repeated request gets its first answer, except for the accuracy that only the first server knew.
        for (key, body, answer) in answers {
            let reply = try client.send("POST", "/v1/models/m/learn", body, key: key)
            #expect(reply.status == 200)
            if isClean { #expect(reply.text == answer) }
            #expect(reply["version"] == (try JSONValue(parsing: answer))["version"])
            #expect(reply["samples"] == (try JSONValue(parsing: answer))["samples"])
        }
        #expect(try client.send("GET", "/v1/models/m")["samples"].int == joint.samples)
    }

    @Test func sameKeyAndAnotherBody_isRefused() throws {
        let client = try models.start().client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":1}"#)
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1]], ["a"]), key: "k").status == 200)
        for (path, body) in [
            ("learn", Bodies.learn([[2]], ["a"])), ("learn", Bodies.learn([[1]], ["b"])), ("unlearn", Bodies.learn([[1]], ["a"])),
        ] {
            let reply = try client.send("POST", "/v1/models/m/\(path)", body, key: "k")
            #expect(reply.status == 422 && reply.problemDetail.contains("\"k\""))
        }
        #expect(
            try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1]], ["a"]), key: String(repeating: "k", count: 256)).status == 400
        )
        #expect(try client.send("GET", "/v1/models/m")["samples"].int == 1)
    }

    @Test func stream_thatComesAgainGoesOnWhereItEnded() throws {
        var service = try models.start()
        try service.client().send("PUT", "/v1/models/m", #"{"dimension":1}"#)
        let lines = (0..<2500).map { "{\"features\":[\($0)],\"label\":\($0 % 3)}\n" }
        // Two and a half blocks; then an invalid line.
        let broken = Array((lines[..<2400] + ["oops\n"]).joined().utf8)
        let whole = Array(lines.joined().utf8)
        let first = try service.client().send("POST", "/v1/models/m/learn", broken, contentType: "application/x-ndjson", key: "s")
        // A block that still waits for the previous one when the line is read is not applied.
        #expect(first.status == 400 && [1024, 2048].contains(first["rows_applied"].int))
        service.stop()
        service = try models.start()
        for _ in 0..<2 {
            let again = try service.client().send("POST", "/v1/models/m/learn", whole, contentType: "application/x-ndjson", key: "s")
            #expect(again.status == 200 && again["rows"].int == 2500 && again["samples"].int == 2500)
        }
        let other = Array((["{\"features\":[7],\"label\":7}\n"] + lines[1...]).joined().utf8)
        let refused = try service.client().send("POST", "/v1/models/m/learn", other, contentType: "application/x-ndjson", key: "s")
        #expect(refused.status == 422)
        #expect(try service.client().send("GET", "/v1/models/m")["samples"].int == 2500)
    }

    @Test func changes_areThereWithoutACleanEnd() throws {
        let copy = KeptModels()
        let service = try models.start()
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":2}"#)
        try client.send("PUT", "/v1/models/gone", #"{"dimension":2}"#)
        try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 2], [2, 1], [3, 3]], ["a", "b", "c"]))
        let snapshot = try client.send("GET", "/v1/models/m/snapshot").body
        let merged = try client.send("POST", "/v1/models/m/merge", snapshot, contentType: "application/vnd.safetensors", key: "merge")
        #expect(merged["samples"].int == 6)
        #expect(try client.send("PATCH", "/v1/models/m", #"{"ridge":0.5}"#).status == 200)
        #expect(try client.send("PATCH", "/v1/models/m/classes/a", #"{"label":"z"}"#).status == 200)
        #expect(try client.send("DELETE", "/v1/models/m/classes/b").status == 200)
        #expect(try client.send("POST", "/v1/models/m/unlearn", Bodies.learn([[3, 3]], ["c"]), key: "unlearn").status == 200)
        #expect(try client.send("PUT", "/v1/models/n/snapshot", snapshot, contentType: "application/vnd.safetensors").status == 201)
        #expect(try client.send("DELETE", "/v1/models/gone").status == 204)
        let before = try ["m", "n"].map { try client.send("GET", "/v1/models/\($0)/snapshot").body }
        try models.copy(to: copy.path)
        let next = try copy.start()
        let after = try ["m", "n"].map { try next.client().send("GET", "/v1/models/\($0)/snapshot").body }
        #expect(before == after)
        #expect(try next.client().send("GET", "/v1/models")["models"].array?.count == 2)
        let again = try next.client().send("POST", "/v1/models/m/merge", snapshot, contentType: "application/vnd.safetensors", key: "merge")
        #expect(again.text == merged.text)
        #expect(try next.client().send("GET", "/v1/models/m/snapshot").body == after[0])
    }

    @Test func unlearnedRows_areGoneFromDisk() throws {
        let client = try models.start { $0.keptCheckpoints = 5 }.client()
        let secret = 3.141592653589793
        try client.send("PUT", "/v1/models/m", #"{"dimension":2}"#)
        let rows = Bodies.learn([[secret, 1]], ["a"])
        try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 1]], ["a"]))
        try client.send("PATCH", "/v1/models/m", #"{"ridge":0.5}"#)
        try client.send("POST", "/v1/models/m/learn", rows)
        let pattern = withUnsafeBytes(of: secret) { Array($0) }
        func isOnDisk() -> Bool {
            let bytes = models.bytes
            return bytes.indices.dropLast(7).contains { bytes[$0..<($0 + 8)].elementsEqual(pattern) }
        }
        #expect(isOnDisk())
        #expect(try client.send("POST", "/v1/models/m/unlearn", rows).status == 200)
        #expect(!isOnDisk())
        #expect(models.files() == ["checkpoint-4.safetensors", "log-4.wal"])
    }

    @Test func versions_neverDecreaseAndARestoreForgetsKeys() throws {
        let client = try models.start().client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":1}"#)
        let body = Bodies.learn([[1]], ["a"])
        let early = try client.send("GET", "/v1/models/m/snapshot").body
        for key in 0..<5 { try client.send("POST", "/v1/models/m/learn", body, key: "\(key)") }
        let restored = try client.send("PUT", "/v1/models/m/snapshot", early, contentType: "application/vnd.safetensors")
        #expect(restored.status == 200 && restored["version"].int == 6 && restored["samples"].int == 0)
        // The key belonged to a state that is gone.
        #expect(try client.send("POST", "/v1/models/m/learn", body, key: "0")["version"].int == 7)
    }

    @Test func model_thatCannotBeUsedIsListedWithTheReason() throws {
        let service = try TestService()
        let client = service.client()
        for name in ["a", "b", "c"] { try client.send("PUT", "/v1/models/\(name)", #"{"dimension":1}"#) }
        let registry = service.service.registry
        let reason = "no \"room\""
        let lost = Model(name: "d", configuration: ModelConfiguration(dimension: 1), limits: HostLimits(), condition: .lost(reason))
        registry.insert(lost)
        registry.all[1].condition = .stopped("a disk failed")
        let list = try client.send("GET", "/v1/models")
        #expect(
            list.text == #"{"models":[{"name":"a","version":0,"samples":0,"classes":0},"#
                + #"{"name":"b","version":0,"samples":0,"classes":0,"state":"stopped","reason":"a disk failed"},"#
                + #"{"name":"c","version":0,"samples":0,"classes":0},"#
                + #"{"name":"d","version":null,"samples":null,"classes":null,"state":"lost","reason":"no \"room\""}]}"#)
        lost.condition = .recovering
        #expect(try client.send("GET", "/v1/models")["models"].array?.last?["state"].string == "recovering")
    }

    @Test func damage_isRefusedAtTheStartWithFileAndOffset() throws {
        var service = try models.start()
        try service.client().send("PUT", "/v1/models/m", #"{"dimension":1}"#)
        for value in 0..<3 { try service.client().send("POST", "/v1/models/m/learn", Bodies.learn([[Double(value)]], ["a"])) }
        let copy = KeptModels()
        try models.copy(to: copy.path)
        let log = copy.path + "/models/m/log-0.wal"
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: log)))
        bytes[40] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: log))
        let error = #expect(throws: StorageError.self) { try copy.start() }
        #expect(error?.description.contains("log-0.wal is damaged at offset 32") == true)
        service.stop()
        service = try models.start()
        let checkpoint = copy.path + "/models/m/checkpoint-0.safetensors"
        bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: checkpoint)))
        bytes[bytes.count - 1] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: checkpoint))
        #expect(throws: DamagedState.self) { try copy.start() }
        #expect(throws: StorageError.self) { try models.start() }
    }
}
