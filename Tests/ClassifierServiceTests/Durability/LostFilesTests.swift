import Foundation
import TensorFormats
import Testing

@testable import ClassifierService

/// The data directory or a part of it is removed, moved or replaced under a running server: nothing is acknowledged into files that cannot
/// be found.
@Suite struct LostFilesTests {
    enum Loss: String, CaseIterable, Sendable {
        case directoryRemoved, directoryReplaced, modelMoved, modelReplaced, logRemoved

        /// Whether new models have no place either.
        var concernsAll: Bool { self == .directoryRemoved || self == .directoryReplaced }
    }

    enum Change: String, CaseIterable, Sendable {
        case learn, learnWithoutKey, stream, unlearn, patch, merge, rename, deleteClass, restore
    }

    private let models = KeptModels()
    private let aside = KeptModels()

    private func lose(_ loss: Loss) throws {
        let files = FileManager.default
        let model = "/models/m"
        switch loss {
        case .directoryRemoved: try files.removeItem(atPath: models.path)
        case .directoryReplaced:
            try files.moveItem(atPath: models.path, toPath: aside.path)
            try files.copyItem(atPath: aside.path, toPath: models.path)
        case .modelMoved: try files.moveItem(atPath: models.path + model, toPath: aside.path)
        case .modelReplaced:
            try files.moveItem(atPath: models.path + model, toPath: aside.path)
            try files.copyItem(atPath: aside.path, toPath: models.path + model)
        case .logRemoved:
            for file in models.files() where file.hasSuffix(".wal") { try files.removeItem(atPath: models.path + model + "/" + file) }
        }
    }

    private func send(_ change: Change, _ client: TestClient, _ snapshot: [UInt8]) throws -> Reply {
        let path = "/v1/models/m"
        let rows = Bodies.learn([[1, 1]], ["a"])
        switch change {
        case .learn: return try client.send("POST", path + "/learn", rows, key: "new")
        case .learnWithoutKey: return try client.send("POST", path + "/learn", rows)
        case .stream:
            let line = Array("{\"features\":[1,1],\"label\":\"a\"}\n".utf8)
            return try client.send("POST", path + "/learn", line, contentType: "application/x-ndjson")
        case .unlearn: return try client.send("POST", path + "/unlearn", Bodies.learn([[1, 0]], ["a"]))
        case .patch: return try client.send("PATCH", path, #"{"ridge":0.5}"#)
        case .merge: return try client.send("POST", path + "/merge", snapshot, contentType: "application/vnd.safetensors")
        case .rename: return try client.send("PATCH", path + "/classes/a", #"{"label":"c"}"#)
        case .deleteClass: return try client.send("DELETE", path + "/classes/a")
        case .restore: return try client.send("PUT", path + "/snapshot", snapshot, contentType: "application/vnd.safetensors")
        }
    }

    @Test(arguments: Loss.allCases, Change.allCases)
    func aChangeIntoFilesThatAreGone_isNeverAcknowledged(loss: Loss, change: Change) throws {
        let service = try models.start()
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":2}"#)
        try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 0], [0, 1]], ["a", "b"]), key: "first")
        let snapshot = try client.send("GET", "/v1/models/m/snapshot").body
        let prediction = try client.send("POST", "/v1/models/m/predict", Bodies.predict([[1, 1]])).text
        try lose(loss)
        let left = models.bytes
        let comment = "\(loss.rawValue), \(change.rawValue)"

        let reply = try send(change, client, snapshot)
        #expect(reply.status == 503, "\(comment): \(reply.text)")
        let reason = try #require(try client.send("GET", "/v1/models/m")["learning_stopped"].string, "\(comment)")
        #expect(reason.contains("\(models.path)/models/m/log-0.wal") && reason.contains("no longer leads"), "\(comment): \(reason)")
        #expect(try client.send("GET", "/readyz").status == 503)
        // Permanently and for every change; predictions continue.
        for other in Change.allCases { #expect(try send(other, client, snapshot).status == 503, "\(comment), then \(other.rawValue)") }
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 0], [0, 1]], ["a", "b"]), key: "first").status == 503)
        #expect(try client.send("POST", "/v1/models/m/predict", Bodies.predict([[1, 1]])).text == prediction)
        // What is there now is not the server's: it stays unchanged.
        let made = try client.send("PUT", "/v1/models/new", #"{"dimension":2}"#)
        #expect(made.status == (loss.concernsAll ? 503 : 201), "\(comment): \(made.text)")
        if !loss.concernsAll { #expect(try client.send("DELETE", "/v1/models/new").status == 204) }
        let deleted = try client.send("DELETE", "/v1/models/m")
        #expect(deleted.status == 503 && deleted.problemDetail.contains("could not be deleted"), "\(comment): \(deleted.text)")
        service.stop()
        if loss.concernsAll { #expect(models.bytes == left, "\(comment)") }
    }

    @Test(arguments: Loss.allCases) func theCheckpointAtTheEnd_isNotWrittenElsewhere(_ loss: Loss) throws {
        let service = try models.start()
        try service.client().send("PUT", "/v1/models/m", #"{"dimension":2}"#)
        try service.client().send("POST", "/v1/models/m/learn", Bodies.learn([[1, 0]], ["a"]))
        try lose(loss)
        let left = models.bytes
        service.stop()
        #expect(models.bytes == left)
    }
}
