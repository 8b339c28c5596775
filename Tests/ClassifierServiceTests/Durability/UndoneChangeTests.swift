import AnalyticLearning
import Foundation
import Storage
import StorageTestSupport
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// A change that cannot be made durable has no effect; one whose durability is unknown is not shown.
@Suite struct UndoneChangeTests {
    private let models = KeptModels()
    private static let body = Bodies.learn([[2, 1], [1, 3]], ["a", "b"])

    /// A model that has learned a few times since its checkpoint.
    private func fill(_ client: TestClient) throws {
        try client.send("PUT", "/v1/models/m", #"{"dimension":2}"#)
        for index in 0..<6 {
            try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, Double(index)], [0, 1]], ["a", "b"]), key: "k\(index)")
        }
    }

    @Test func failedChange_leavesCountersKeysAndMemoryAsTheyWere() throws {
        let disk = FaultyFileSystem(SystemFileSystem())
        let service = try models.start(fileSystem: disk)
        let client = service.client()
        try fill(client)
        let rows = Bodies.learn([[1, 5], [0, 1]], ["a", "b"])
        let first = try client.send("POST", "/v1/models/m/learn", rows, key: "k")
        #expect(first["accuracy_before"].double != nil)
        let other = try client.send("PUT", "/v1/models/n", #"{"dimension":1}"#)
        #expect(other.status == 201)
        try client.send("POST", "/v1/models/n/learn", Bodies.learn([[1]], ["x"]))
        let small = try client.send("GET", "/v1/models/n/snapshot").body
        let large = try client.send("GET", "/v1/models/m/snapshot").body
        let evaluation = try EditedSnapshot(large)
        let reserved = service.reservedBytes
        let changes: [(String, String, [UInt8], String)] = [
            ("PATCH", "/v1/models/m", Array(#"{"ridge":0.25}"#.utf8), "application/json"),
            ("POST", "/v1/models/m/unlearn", Bodies.learn([[0, 1]], ["b"]), "application/json"),
            ("PUT", "/v1/models/m/snapshot", small, "application/vnd.safetensors"),
            ("PUT", "/v1/models/n/snapshot", large, "application/vnd.safetensors"),
        ]
        for change in changes {
            disk.fail(.rename, 0, .error(EIO))
            let reply = try client.send(change.0, change.1, change.2, contentType: change.3)
            #expect(reply.status == 503 && reply.problemDetail.contains("nothing was changed"), "\(change.1): \(reply.text)")
            disk.heal()
            #expect(service.reservedBytes == reserved, "\(change.0) \(change.1)")
            let after = try EditedSnapshot(try client.send("GET", "/v1/models/m/snapshot").body)
            for name in ["evaluation.summary", "evaluation.class", "evaluation.confusion", "evaluation.window", "evaluation.history"] {
                #expect(after[name]?.bytes == evaluation[name]?.bytes, "\(change.0) \(change.1): \(name)")
            }
            #expect(after.labels == evaluation.labels)
        }
        #expect(try client.send("POST", "/v1/models/m/learn", rows, key: "k").text == first.text)
        #expect(try client.send("POST", "/v1/models/m/learn", rows)["samples"].int == 16)
    }

    /// The new checkpoint's name is there, but may be gone after a power cut.
    @Test func unknownChange_isNotShown() throws {
        let disk = FaultyFileSystem(SystemFileSystem())
        let service = try models.start(fileSystem: disk)
        let client = service.client()
        try fill(client)
        let before = try EditedSnapshot(try client.send("GET", "/v1/models/m/snapshot").body)
        let prediction = try client.send("POST", "/v1/models/m/predict", Bodies.predict([[1, 1]])).text
        // The new log's directory, the file itself, and its name.
        disk.fail(.synchronize, 2, .error(EIO))
        let reply = try client.send("POST", "/v1/models/m/unlearn", Bodies.learn([[0, 1]], ["b"]), key: "u")
        #expect(reply.status == 503 && reply.problemDetail.contains("outcome is unknown"), "\(reply.text)")
        disk.heal()
        let after = try EditedSnapshot(try client.send("GET", "/v1/models/m/snapshot").body)
        #expect(after.metadataValue("version") == before.metadataValue("version"))
        #expect(after.metadataValue("samples") == before.metadataValue("samples"))
        #expect(after["gram.packed_lower"]?.bytes == before["gram.packed_lower"]?.bytes)
        #expect(try client.send("POST", "/v1/models/m/predict", Bodies.predict([[1, 1]])).text == prediction)
        #expect(try client.send("POST", "/v1/models/m/learn", Self.body).status == 503)
        #expect(try client.send("GET", "/readyz").status == 503)
        service.stop()
        let next = try models.start()
        for _ in 0..<2 {
            let again = try next.client().send("POST", "/v1/models/m/unlearn", Bodies.learn([[0, 1]], ["b"]), key: "u")
            #expect(again.status == 200 && again["samples"].int == 11)
        }
    }

    /// Neither the change nor the previous state is available: only what was published is still shown.
    @Test func stateThatCannotBeReadBack_isNotShown() throws {
        let disk = FaultyFileSystem(SystemFileSystem())
        let back = FaultyFileSystem(disk)
        let service = try models.start(fileSystem: back)
        let client = service.client()
        try fill(client)
        let details = try client.send("GET", "/v1/models/m")
        let prediction = try client.send("POST", "/v1/models/m/predict", Bodies.predict([[1, 1]])).text
        disk.fail(.rename, 0, .error(EIO))
        back.fail(.read, 0, .error(EIO), isLasting: true)
        #expect(try client.send("PATCH", "/v1/models/m", #"{"ridge":0.25}"#).status == 503)
        disk.heal()
        back.heal()
        #expect(try client.send("GET", "/v1/models/m/snapshot").status == 503)
        #expect(try client.send("POST", "/v1/models/m/rebalance").status == 503)
        #expect(try client.send("POST", "/v1/models/m/learn", Self.body).status == 503)
        #expect(try client.send("POST", "/v1/models/m/predict", Bodies.predict([[1, 1]])).text == prediction)
        let stopped = try client.send("GET", "/v1/models/m")
        #expect(stopped["version"] == details["version"] && stopped["config"] == details["config"])
        #expect(stopped["learning_stopped"].string?.contains("could not be read") == true)
        service.stop()
        let next = try models.start().client().send("GET", "/v1/models/m")
        #expect(next["version"] == details["version"] && next["samples"] == details["samples"] && next["config"] == details["config"])
    }

    /// There is no memory for logged rows, and the log cannot be cut: it is unknown whether they will be there after a restart.
    @Test(arguments: [nil, FaultyFileSystem.Operation.truncate, .synchronizeData])
    func rowsThatCannotBeTakenBack_haveAnUnknownOutcome(operation: FaultyFileSystem.Operation?) throws {
        let disk = FaultyFileSystem(SystemFileSystem())
        let service = try models.start(fileSystem: disk)
        let client = service.client()
        try fill(client)
        let body = Bodies.learn([[7, 7]], ["new"])
        try service.model()?.enqueue(.call { $0.memoryLimit = 1 })
        // The first synchronization is that of the rows.
        if let operation { disk.fail(operation, operation == .truncate ? 0 : 1, .error(EIO)) }
        let reply = try client.send("POST", "/v1/models/m/learn", body, key: "new")
        if operation == nil {
            #expect(reply.status == 507 && reply.problemDetail.contains("nothing was learned"))
        } else {
            #expect(reply.status == 503 && reply.problemDetail.contains("outcome is unknown"), "\(reply.text)")
            #expect(reply.problemDetail.contains("retry with the same Idempotency-Key"))
            #expect(try client.send("GET", "/readyz").status == 503)
        }
        disk.heal()
        #expect(try client.send("GET", "/v1/models/m")["samples"].int == 12)
        service.stop()
        let next = try models.start()
        for _ in 0..<2 {
            let again = try next.client().send("POST", "/v1/models/m/learn", body, key: "new")
            #expect(again.status == 200 && again["samples"].int == 13)
        }
        #expect(try next.client().send("GET", "/v1/models/m")["samples"].int == 13)
    }
}
