import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Snapshots out and in.
@Suite struct SnapshotTests {
    static let configurations = [
        #"{"dimension":5}"#, #"{"dimension":5,"ridge":3,"feature_map":{"kind":"random_relu","width":9,"seed":18446744073709551615}}"#,
        #"{"dimension":5,"imbalance":{"kind":"reweight"}}"#, #"{"dimension":5,"sketch_rank":"exact"}"#,
        #"{"dimension":5,"imbalance":{"kind":"pseudo_features","cap":4,"seed":9}}"#, #"{"dimension":5,"intercept":true}"#,
        #"{"dimension":5,"intercept":true,"imbalance":{"kind":"pseudo_features","cap":4,"seed":9}}"#,
        #"{"dimension":5,"feature_map":{"kind":"random","activation":"cos","width":9,"seed":2,"scale":2.5,"include_input":true}}"#,
        #"{"dimension":5,"feature_map":{"kind":"random","activation":"gelu","width":9,"distribution":"normal"}}"#,
    ]

    private func rows(_ count: Int, seed: UInt64 = 3) -> [[Double]] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in (0..<5).map { _ in generator.normal() } }
    }

    /// A model that has learned some rows.
    private func learned(_ service: TestService, _ config: String = #"{"dimension":5}"#) throws -> ModelClient {
        let model = ModelClient(service)
        #expect(try model.create(config).status == 201)
        for (index, row) in rows(20).enumerated() { #expect(try model.learn([row], ["c\(index % 3)"]).status == 200) }
        return model
    }

    @Test(arguments: configurations) func restoredModelIsTheSameToTheBit(_ config: String) throws {
        let service = try TestService()
        let model = try learned(service, config)
        let isBalanced = config.contains("imbalance")
        if isBalanced { #expect(try model.client.send("POST", model.path + "/rebalance").status == 200) }
        let file = try model.snapshot().body
        let copy = ModelClient(service, "copy")
        let reply = try copy.restore(file)
        #expect(reply.status == 201, "\(reply.text)")
        #expect(reply["version"].int == (try model.details()["version"].int ?? 0) + 1)
        let config = try model.details()["config"]
        #expect(reply["samples"].int == 20 && reply["classes"].int == 3 && reply["config"] == config)

        // Only the numbers of the states differ.
        let first = try EditedSnapshot(file)
        var again = try EditedSnapshot(try copy.snapshot().body)
        for key in ["version", "balanced_version"] { again.setMetadata(key, first.metadataValue(key)) }
        for name in first.names { #expect(again[name]?.bytes == first[name]?.bytes, "\(name)") }
        #expect(try again.encoded() == file)
        let probes = Bodies.predict(rows(30, seed: 77), top: 3)
        for query in isBalanced ? ["?weights=plain", "?weights=balanced"] : [""] {
            let mine = try model.client.send("POST", model.path + "/predict" + query, probes)
            let theirs = try model.client.send("POST", copy.path + "/predict" + query, probes)
            #expect(mine.status == 200 && mine["predictions"] == theirs["predictions"])
        }
    }

    @Test(arguments: configurations) func restoredModelLearnsOnAsTheFirst(_ config: String) throws {
        let service = try TestService()
        let model = try learned(service, config)
        let copy = ModelClient(service, "copy")
        try copy.restore(try model.snapshot().body)
        for (index, row) in rows(40, seed: 5).enumerated() {
            let replies = try [model, copy].map { try $0.learn([row], ["c\(index % 5)"]) }
            #expect(replies[0]["accuracy_before"] == replies[1]["accuracy_before"])
        }
        let weights: [[Double]] = try [model, copy].map { try EditedSnapshot(try $0.snapshot().body).elements("weight") }
        for (mine, theirs) in zip(weights[0], weights[1]) { #expect(abs(mine - theirs) < 1e-10) }
    }

    @Test func modelWithoutRowsIsRestored() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":4}"#)
        let copy = ModelClient(service, "copy")
        #expect(try copy.restore(try model.snapshot().body).status == 201)
        #expect(try copy.learn([[1, 2, 3, 4]], ["a"])["classes"].int == 1)
    }

    @Test func weightsAloneAreThoseOfTheWhole() throws {
        let service = try TestService()
        let model = try learned(service, Self.configurations[1])
        let whole = try EditedSnapshot(try model.snapshot("?parts=all").body)
        let file = try model.snapshot("?parts=weights")
        #expect(file.fields["content-type"] == "application/vnd.safetensors")
        #expect(file.fields["content-disposition"] == #"attachment; filename="m.safetensors""#)
        let weights = try EditedSnapshot(file.body)
        #expect(Set(weights.names) == ["weight", "feature_map.projection"])
        for name in weights.names { #expect(weights[name]?.bytes == whole[name]?.bytes && weights[name]?.shape == whole[name]?.shape) }
        #expect(weights.labels == whole.labels)
        #expect(weights.metadataValue("format") == "accrue/2")
        try file.body.withUnsafeBytes { try SafetensorsReader($0).verifyChecksums() }
    }

    @Test(arguments: ["", "?parts=weights"]) func headTellsTheLength(_ query: String) throws {
        let service = try TestService()
        let model = try learned(service, Self.configurations[2])
        let head = try model.client.send("HEAD", model.path + "/snapshot" + query)
        let file = try model.snapshot(query)
        #expect(head.status == 200)
        for name in ["content-length", "content-type", "content-disposition"] { #expect(head.fields[name] == file.fields[name]) }
        #expect(try model.client.send("HEAD", "/v1/models/none/snapshot").status == 404)
    }

    @Test func versionsNeverDecrease() throws {
        let service = try TestService()
        let model = try learned(service)
        let old = try model.snapshot().body
        let version = try model.details()["version"].int ?? 0
        for index in 0..<5 { try model.learn([rows(1)[0]], ["later \(index)"]) }
        #expect(try model.details()["version"].int == version + 5)
        // An older state becomes the newest version …
        #expect(try model.restore(old)["version"].int == version + 6)
        #expect(try model.details()["samples"].int == 20)
        // … a younger one keeps its lead …
        var young = try EditedSnapshot(old)
        young.setMetadata("version", "1000000")
        #expect(try model.restore(try young.encoded())["version"].int == 1_000_001)
        #expect(try model.learn([rows(1)[0]], ["x"])["version"].int == 1_000_002)
        #expect(try model.restore(old)["version"].int == 1_000_003)
        // … and a restored state can be saved and restored.
        #expect(try model.restore(try model.snapshot().body)["version"].int == 1_000_004)
    }

    @Test func restoreMayBringAnotherDimension() throws {
        let service = try TestService()
        let model = try learned(service)
        let other = ModelClient(service, "other")
        try other.create(#"{"dimension":2,"ridge":7,"feature_map":{"kind":"random_relu","width":3}}"#)
        try other.learn([[1, 2]], ["only"])
        let reply = try model.restore(try other.snapshot().body)
        let config = try other.details()["config"]
        #expect(reply.status == 200 && reply["config"] == config)
        #expect(try model.learn([rows(1)[0]], ["a"]).problemDetail.contains("5 values, expected 2"))
        #expect(try model.predict([[1, 2]])["predictions"][0]["label"].string == "only")
        #expect(try model.learn([[3, 4]], ["a"])["samples"].int == 2)
    }

    @Test func learnsThatWaitForAnotherDimensionConflict() throws {
        let service = try TestService()
        let held = try HeldModel(service)
        let small = ModelClient(service, "small")
        try small.create(#"{"dimension":2}"#)
        try small.learn([[1, 2]], ["only"])
        let file = try small.snapshot().body

        let hold = try held.hold()
        let first = try held.beginLearn()
        #expect(service.waitForJobs(1, of: held.name))
        let upload = service.client()
        try upload.begin("PUT", held.model.path + "/snapshot", file)
        #expect(service.waitForJobs(2, of: held.name))
        let waiting = try (0..<3).map { _ in try held.beginLearn() }
        #expect(service.waitForJobs(5, of: held.name))
        hold.end()

        #expect(try first.readReply()["samples"].int == 2)
        #expect(try upload.readReply()["samples"].int == 1)
        for client in waiting {
            let reply = try client.readReply()
            #expect(reply.status == 409)
            #expect(reply.problemDetail.contains("2 values"), "\(reply.text)")
        }
        #expect(try ModelClient(service, held.name).details()["samples"].int == 1)
    }

    @Test func unusableSpoolDirectoryIsReported() throws {
        let service = try TestService { $0.host.spoolDirectory = "/nowhere/at/all" }
        let model = try learned(service)
        let reply = try model.snapshot()
        #expect(reply.status == 507)
        // HEAD needs no file.
        #expect(try model.client.send("HEAD", model.path + "/snapshot").status == 200)
        #expect(reply.problemDetail.contains("/nowhere/at/all"), "\(reply.text)")
        #expect(try model.restore([1, 2, 3]).status == 507)
        #expect(try model.learn([rows(1)[0]], ["a"]).status == 200)
    }
}
