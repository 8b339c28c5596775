import Foundation
import Storage
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// `verify`, `inspect` and `restore`.
@Suite struct AuditTests {
    private let models = KeptModels()

    /// A model with rows in a checkpoint and in a log, and a second one.
    private func fill(keeping kept: Int = 1) throws {
        let service = try models.start { $0.keptCheckpoints = kept }
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":3,"feature_map":{"kind":"random_relu","width":8,"seed":1}}"#)
        try client.send("PUT", "/v1/models/empty", #"{"dimension":3}"#)
        var generator = SeededGenerator(seed: 1)
        func learn() throws {
            let features = (0..<20).map { _ in (0..<3).map { _ in generator.normal() } }
            try client.send("POST", "/v1/models/m/learn", Bodies.learn(features, (0..<20).map { "c\($0 % 3)" }))
        }
        try learn()
        try client.send("PATCH", "/v1/models/m", #"{"ridge":0.5}"#)
        for _ in 0..<3 { try learn() }
        // As after a crash.
        let copy = models.path + "-copy"
        try FileManager.default.copyItem(atPath: models.path, toPath: copy)
        service.stop()
        try FileManager.default.removeItem(atPath: models.path)
        try FileManager.default.moveItem(atPath: copy, toPath: models.path)
    }

    private func change(_ file: String, _ body: (inout [UInt8]) throws -> Void) throws {
        let url = URL(fileURLWithPath: "\(models.path)/models/m/\(file)")
        var bytes = [UInt8](try Data(contentsOf: url))
        try body(&bytes)
        try Data(bytes).write(to: url)
    }

    private func verify() throws -> Executable.Outcome { try Executable.run("verify", models.path) }

    @Test func soundDirectory_passesAndStaysAsItIs() throws {
        try fill()
        let before = models.bytes
        var audits: [ModelAudit] = []
        try ModelAudit.run(models.path) { audits.append($0) }
        #expect(models.bytes == before)
        #expect(audits.map(\.name) == ["empty", "m"] && audits.allSatisfy(\.mismatches.isEmpty))
        #expect(audits[1].rows == 80 && audits[1].loggedRows == 60 && audits[1].version == 5 && audits[1].checkpointVersion == 2)
        #expect(audits[1].residual < 1e-12 && audits[1].difference < 1e-10 && audits[1].conditionEstimate > 1)
        let outcome = try verify()
        #expect(outcome.status == 0 && outcome.output.contains("2 models, all as they were written"), "\(outcome.errors)")
        // It agrees with what a server makes of it.
        let client = try models.start().client()
        #expect(try client.send("GET", "/v1/models/m")["samples"].int == 80)
        #expect(try Executable.run("verify", models.path).errors.contains("in use by another process"))
    }

    /// A bit of the last record flips after its client was answered; and the last record is cut short, as by a crash.
    @Test func tornEnd_isToldWithWhatCanBeKnown_byVerifyAndAtTheStart() throws {
        try fill()
        let file = "log-2.wal"
        let path = "\(models.path)/models/m/\(file)"
        try change(file) { $0[$0.count - 9] ^= 1 }
        let flipped = try verify()
        #expect(flipped.status == 0, "\(flipped.errors)")
        #expect(flipped.output.contains("\(path): the last") && flipped.output.contains("does not show which"), "\(flipped.output)")
        #expect(!flipped.output.contains("never acknowledged") && flipped.output.contains("but 1 may have lost"))
        let server = try ServerProcess(data: models.path)
        #expect(try TestClient(port: server.port).send("GET", "/v1/models/m")["samples"].int == 60)
        let log = server.kill()
        let line = try #require(log.split(separator: "\n").first { $0.contains("not a complete record") }, "\(log)")
        let told = try JSONValue(parsing: String(line))
        #expect(told["level"].string == "warning" && told["file"].string == path && told["acknowledged"].string == "unknown")
        #expect((told["offset"].string.flatMap { Int($0) } ?? 0) > 0 && (told["bytes"].string.flatMap { Int($0) } ?? 0) > 0)
        // Cut off at the start; the remaining file loses its last bytes.
        try change(file) { $0.removeLast(3) }
        let short = try verify()
        #expect(short.status == 0 && short.output.contains("never acknowledged") && !short.output.contains("does not show which"))
        #expect(short.output.contains("all as they were written\n"), "\(short.output)")
    }

    @Test func weightChangedByAMillionth_isFoundAlthoughTheChecksumsFit() throws {
        try fill()
        try change("checkpoint-2.safetensors") { bytes in
            var snapshot = try EditedSnapshot(bytes)
            let weights = snapshot.elements("weight", as: Double.self)
            snapshot.set("weight", 5, to: weights[5] + 1e-6)
            bytes = try snapshot.encoded()
        }
        let outcome = try verify()
        #expect(outcome.status == 1 && outcome.errors.contains("m: the stored weights differ from the solution"), "\(outcome.errors)")
    }

    @Test func logChangedByOneByte_isFoundWithItsOffset() throws {
        try fill()
        try change("log-2.wal") { $0[100] ^= 4 }
        let outcome = try verify()
        #expect(outcome.status == 1 && outcome.errors.contains("log-2.wal is damaged at offset 32"), "\(outcome.errors)")
    }

    @Test func checkpointChangedByOneByte_isFound() throws {
        try fill()
        try change("checkpoint-2.safetensors") { $0[$0.count / 2] ^= 4 }
        #expect(try verify().status == 1)
    }

    @Test func inspect_tellsOfCheckpointsAndLogs() throws {
        try fill()
        let directory = models.path + "/models/m"
        let log = try StoredFile(directory + "/log-2.wal")
        #expect(log.records.map(\.version) == [3, 4, 5] && log.records.allSatisfy { $0.rows == 20 && $0.requests == 1 })
        let checkpoint = try StoredFile(directory + "/checkpoint-2.safetensors")
        #expect(checkpoint.tensors.contains { $0.name == "gram.packed_lower" && $0.shape == [36] })
        let outcome = try Executable.run("inspect", directory + "/log-2.wal", "--records")
        #expect(outcome.status == 0 && outcome.output.contains("leads to version"))
        #expect(try Executable.run("inspect", directory + "/checkpoint-2.safetensors").output.contains("all checksums match"))
        let file = models.path + "/lock"
        #expect(try Executable.run("inspect", file).status == 1)
    }

    @Test func restore_takesAModelBackToAnOlderCheckpoint() throws {
        try fill(keeping: 3)
        #expect(models.files().filter { $0.hasPrefix("checkpoint") } == ["checkpoint-0.safetensors", "checkpoint-2.safetensors"])
        let missing = try Executable.run("restore", models.path, "m", "--version", "1")
        #expect(missing.status == 1 && missing.errors.contains("available versions: 0, 2"))
        let outcome = try Executable.run("restore", models.path, "m", "--version", "2")
        #expect(outcome.status == 0 && outcome.output.contains("as version 6"), "\(outcome.errors)")
        let details = try models.start().client().send("GET", "/v1/models/m")
        #expect(details["version"].int == 6 && details["samples"].int == 20)
    }
}
