import Foundation
import Storage
import StorageTestSupport
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Unlearned rows leave the disk even if their removal fails or is killed.
@Suite struct ErasureTests {
    private let models = KeptModels()
    private static let secret = 3.141592653589793
    private static let rows = Bodies.learn([[secret, 1]], ["a"])

    /// Whether a directory's files hold the row.
    private func isOnDisk(_ models: KeptModels) -> Bool {
        let pattern = withUnsafeBytes(of: Self.secret) { Data($0) }
        return Data(models.bytes).range(of: pattern) != nil
    }

    /// A model with several checkpoints and logs, some containing the row, which is then unlearned; no file can be removed.
    private func unlearn(_ client: TestClient, _ disk: FaultyFileSystem) throws {
        try client.send("PUT", "/v1/models/m", #"{"dimension":2}"#)
        try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 1]], ["a"]))
        try client.send("PATCH", "/v1/models/m", #"{"ridge":0.5}"#)
        try client.send("POST", "/v1/models/m/learn", Self.rows)
        #expect(isOnDisk(models))
        disk.fail(.remove, 0, .error(EIO), isLasting: true)
        let reply = try client.send("POST", "/v1/models/m/unlearn", Self.rows, key: "k")
        #expect(reply.status == 500 && reply.problemDetail.contains("could not be removed"))
        #expect(isOnDisk(models))
    }

    @Test(arguments: [1, 5]) func killBeforeTheRemoval_isMadeUpForAtTheNextStart(kept: Int) throws {
        let disk = FaultyFileSystem(SystemFileSystem())
        let client = try models.start(fileSystem: disk) { $0.keptCheckpoints = kept }.client()
        try unlearn(client, disk)
        // What a kill between the two would leave.
        let copy = KeptModels()
        try models.copy(to: copy.path)
        try Data("x".utf8).write(to: URL(fileURLWithPath: copy.path + "/models/m/.checkpoint-3"))
        let next = try copy.start { $0.keptCheckpoints = kept }
        #expect(copy.files() == ["checkpoint-4.safetensors", "log-4.wal"])
        #expect(!isOnDisk(copy))
        let reply = try next.client().send("POST", "/v1/models/m/unlearn", Self.rows, key: "k")
        #expect(reply.status == 200 && reply["samples"].int == 1)
    }

    @Test func retryWithTheKey_isAnsweredOnlyWhenTheRowsAreGone() throws {
        let disk = FaultyFileSystem(SystemFileSystem())
        let client = try models.start(fileSystem: disk).client()
        try unlearn(client, disk)
        let refused = try client.send("POST", "/v1/models/m/unlearn", Self.rows, key: "k")
        #expect(refused.status == 500 && refused.problemDetail.contains("could not be removed"))
        disk.heal()
        let reply = try client.send("POST", "/v1/models/m/unlearn", Self.rows, key: "k")
        #expect(reply.status == 200 && reply["version"].int == 4)
        #expect(!isOnDisk(models) && models.files() == ["checkpoint-4.safetensors", "log-4.wal"])
        #expect(try client.send("GET", "/v1/models/m")["samples"].int == 1)
    }

    @Test func laterCheckpoint_stillOwesTheRemoval() throws {
        let disk = FaultyFileSystem(SystemFileSystem())
        let client = try models.start(fileSystem: disk) { $0.keptCheckpoints = 9 }.client()
        try unlearn(client, disk)
        #expect(try client.send("PATCH", "/v1/models/m", #"{"ridge":0.25}"#).status == 200)
        let copy = KeptModels()
        try models.copy(to: copy.path)
        _ = try copy.start { $0.keptCheckpoints = 9 }
        #expect(!isOnDisk(copy))
        #expect(copy.files() == ["checkpoint-4.safetensors", "checkpoint-5.safetensors", "log-5.wal"])
        disk.heal()
        #expect(try client.send("PATCH", "/v1/models/m", #"{"ridge":0.125}"#).status == 200)
        #expect(!isOnDisk(models))
    }

    @Test func olderCheckpoint_isNotBroughtBack() throws {
        let disk = FaultyFileSystem(SystemFileSystem())
        let service = try models.start(fileSystem: disk)
        try unlearn(service.client(), disk)
        let copy = KeptModels()
        try models.copy(to: copy.path)
        #expect(copy.files().contains("checkpoint-2.safetensors"))
        let error = #expect(throws: CheckpointRestoring.NoCheckpoint.self) {
            try CheckpointRestoring.restore(copy.path, model: "m", version: 2)
        }
        #expect(error?.description == "there is no checkpoint of version 2; available versions: 4")
        #expect(!isOnDisk(copy))
    }
}
