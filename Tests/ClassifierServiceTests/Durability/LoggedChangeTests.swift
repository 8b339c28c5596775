import AnalyticLearning
import Concurrency
import Foundation
import LinearAlgebra
import StorageTestSupport
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost
@testable import Storage

/// Renaming and deleting classes, and balance settings, are records of the log: made again in order at a start, or refused as damage.
@Suite struct LoggedChangeTests {
    private let models = KeptModels()

    private static let rename = ("PATCH", "/v1/models/m/classes/b", #"{"label":"z"}"#)
    private static let delete = ("DELETE", "/v1/models/m/classes/a", "")
    private static let balance = ("PATCH", "/v1/models/m", #"{"imbalance":{"kind":"reweight","power":0.25}}"#)
    private static let prior = ("PATCH", "/v1/models/m", #"{"balance":0.5}"#)
    private static let changes = [rename, delete, balance, prior]

    /// A model whose only file with content is the first checkpoint, and whose log has rows.
    private func fill(_ client: TestClient, rows: Int = 3) throws {
        try client.send("PUT", "/v1/models/m", #"{"dimension":3,"sketch_rank":2}"#)
        for row in 0..<rows {
            let body = Bodies.learn([[1, Double(row), 0], [0, 1, 2], [Double(row), 1, 1]], ["a", "b", "c"])
            #expect(try client.send("POST", "/v1/models/m/learn", body, key: "k\(row)").status == 200)
        }
    }

    /// What a kill would leave now.
    private func killed() throws -> KeptModels {
        let copy = KeptModels()
        try models.copy(to: copy.path)
        return copy
    }

    private func snapshot(_ client: TestClient) throws -> EditedSnapshot {
        try EditedSnapshot(try client.send("GET", "/v1/models/m/snapshot").body)
    }

    /// Everything but the evaluation, which is of a checkpoint; weights as close as another order of rounding comes, if rows are learned again.
    private func expectSame(_ one: EditedSnapshot, _ other: EditedSnapshot, _ comment: String) {
        #expect(one.labels == other.labels, "\(comment)")
        for key in ["version", "samples", "config"] { #expect(one.metadataValue(key) == other.metadataValue(key), "\(comment): \(key)") }
        for name in ["gram.packed_lower", "cross_moment", "class.count", "class.mean", "class.m2", "class.sketch", "class.sketch.rows"] {
            #expect(one[name]?.bytes == other[name]?.bytes, "\(comment): \(name)")
        }
        let (x, y) = (one.elements("weight", as: Double.self), other.elements("weight", as: Double.self))
        #expect(x.count == y.count && zip(x, y).allSatisfy { abs($0 - $1) < 1e-12 }, "\(comment): weight")
    }

    /// The labels, records and audit of a directory.
    private func audit(_ models: KeptModels) throws -> ModelAudit {
        var audits: [ModelAudit] = []
        try ModelAudit.run(models.path) { audits.append($0) }
        return try #require(audits.first)
    }

    // MARK: Made again

    @Test func changes_areRecords_andMadeAgainInOrder() throws {
        let client = try models.start().client()
        try fill(client)
        let files = models.files()
        var steps = Self.changes.map { (step: $0, body: Array($0.2.utf8)) }
        // The labels that have become free are other classes.
        for label in ["a", "b"] { steps.append((("POST", "/v1/models/m/learn", ""), Bodies.learn([[3, 1, 4]], [label]))) }
        steps.append((("DELETE", "/v1/models/m/classes/c", ""), []))
        steps.append((("PATCH", "/v1/models/m/classes/z", ""), Array(#"{"label":"c"}"#.utf8)))
        steps.append((("PATCH", "/v1/models/m", ""), Array(#"{"imbalance":{"kind":"none"}}"#.utf8)))
        steps.append((("POST", "/v1/models/m/classes/a/merge", ""), Array(#"{"into":"c"}"#.utf8)))
        for (version, (step, body)) in steps.enumerated() {
            let reply = try client.send(step.0, step.1, body)
            #expect(reply.status == 200 && reply["version"].int == version + 4, "\(step): \(reply.text)")
            let copy = try killed()
            #expect(copy.files() == files, "\(step)")
            let audit = try audit(copy)
            #expect(audit.mismatches.isEmpty && audit.version == version + 4 && audit.residual < 1e-9, "\(step): \(audit)")
            let next = try copy.start()
            expectSame(try snapshot(next.client()), try snapshot(client), "\(step)")
            #expect(next.reservedBytes > 0 && next.model()?.configuration == next.model()?.published?.configuration)
            next.stop()
        }
        let audit = try audit(try killed())
        #expect(audit.rows == 11 && audit.loggedRows == 11 && audit.loggedChanges == 8 && audit.classes == 2)
        let log = try StoredFile(models.path + "/models/m/log-0.wal")
        #expect(
            log.records.map(\.change) == [
                nil, nil, nil, "class_renamed", "class_deleted", "reconfigured", "reconfigured", nil, nil, "class_deleted",
                "class_renamed", "reconfigured", "classes_joined",
            ])
        let records = try Executable.run("inspect", models.path + "/models/m/log-0.wal", "--records")
        #expect(records.status == 0 && records.output.contains("class_deleted"), "\(records.output)\(records.errors)")
    }

    /// Without rows in the log, a killed server comes back to the bit, with its evaluation and balanced weights.
    @Test func changesAfterACheckpoint_comeBackToTheBit() throws {
        try fill(try models.start().client(), rows: 60)
        let service = try models.start()
        let client = service.client()
        let (length, files) = (models.bytes.count, models.files())
        for (method, path, body) in [Self.rename, Self.delete] {
            #expect(try client.send(method, path, body).status == 200)
            let copy = try killed()
            #expect(copy.files() == files)
            #expect(try snapshot(copy.start().client()).encoded() == snapshot(client).encoded(), "\(method)")
        }
        #expect(models.bytes.count < length + 300)
        // A clean end leaves nothing to make again.
        service.stop()
        #expect(models.files() == ["checkpoint-62.safetensors", "log-62.wal"])
    }

    @Test func lastClass_canBeDeletedInALog() throws {
        let client = try models.start().client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":2,"imbalance":{"kind":"pseudo_features","cap":4}}"#)
        try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 0]], ["a"]))
        #expect(try client.send("DELETE", "/v1/models/m/classes/a")["classes"].int == 0)
        let copy = try killed()
        let audit = try audit(copy)
        #expect(audit.mismatches.isEmpty && audit.classes == 0 && audit.rows == 1 && audit.loggedChanges == 1)
        var service = try copy.start()
        let next = service.client()
        #expect(try next.send("POST", "/v1/models/m/predict", Bodies.predict([[1, 0]])).status == 409)
        #expect(try next.send("POST", "/v1/models/m/learn", Bodies.learn([[0, 1]], ["a"]))["samples"].int == 2)
        let learned = try snapshot(next)
        service.stop()
        service = try copy.start()
        expectSame(try snapshot(service.client()), learned, "after learning")
    }

    @Test func keysAroundAChange_areRememberedThroughTheLog() throws {
        let client = try models.start().client()
        try fill(client)
        let body = Bodies.learn([[1, 1, 1], [2, 2, 2]], ["new", "other"])
        let before = try client.send("POST", "/v1/models/m/learn", body, key: "before")
        #expect(try client.send("DELETE", "/v1/models/m/classes/new").status == 200)
        let after = try client.send("POST", "/v1/models/m/learn", body, key: "after")
        #expect(before["classes"].int == 5 && after["classes"].int == 5 && after["new_classes"].array?.compactMap(\.string) == ["new"])
        let copy = try killed()
        let next = try copy.start().client()
        for (key, first) in [("before", before), ("after", after)] {
            for _ in 0..<2 {
                let again = try next.send("POST", "/v1/models/m/learn", body, key: key)
                for name in ["version", "samples", "classes", "new_classes", "rows"] {
                    #expect(again[name] == first[name], "\(key): \(name)")
                }
            }
        }
        // A repeated change finds its work done.
        #expect(try next.send("PATCH", "/v1/models/m/classes/b", #"{"label":"z"}"#).status == 200)
        #expect(try next.send("PATCH", "/v1/models/m/classes/b", #"{"label":"z"}"#).status == 404)
    }

    @Test func ridge_isInACheckpoint_andSoIsAPatchOfBoth() throws {
        let client = try models.start().client()
        try fill(client)
        #expect(try client.send(Self.balance.0, Self.balance.1, Self.balance.2).status == 200)
        #expect(models.files() == ["checkpoint-0.safetensors", "log-0.wal"])
        // The present ridge changes nothing.
        let same = try client.send("PATCH", "/v1/models/m", #"{"ridge":0.1,"imbalance":{"kind":"none"}}"#)
        #expect(same["version"].int == 5 && models.files() == ["checkpoint-0.safetensors", "log-0.wal"])
        #expect(try client.send("PATCH", "/v1/models/m", #"{"ridge":0.5,"imbalance":{"kind":"reweight"}}"#)["version"].int == 6)
        #expect(models.files() == ["checkpoint-6.safetensors", "log-6.wal"])
    }

    /// A refused request leaves no trace in the log.
    @Test func refusedChange_writesNothing() throws {
        let service = try models.start()
        let client = service.client()
        try fill(client)
        let bytes = models.bytes
        for (method, path, body, status) in [
            ("PATCH", "/classes/none", #"{"label":"z"}"#, 404), ("PATCH", "/classes/a", #"{"label":"b"}"#, 409),
            ("PATCH", "/classes/a", #"{"label":"a"}"#, 200), ("DELETE", "/classes/none", "", 404),
            ("PATCH", "", #"{"imbalance":{"kind":"pseudo_features","noise":-1}}"#, 400),
            ("PATCH", "", #"{"imbalance":{"kind":"none"}}"#, 200),
        ] {
            #expect(try client.send(method, "/v1/models/m" + path, body).status == status, "\(method) \(path) \(body)")
        }
        // No memory for a longer label.
        let budget = service.service.registry.context.budget
        let rest = Reservation(budget.limit - budget.used, of: budget)
        let long = String(repeating: "x", count: 1000)
        let reserved = service.reservedBytes
        #expect(try client.send("PATCH", "/v1/models/m/classes/a", #"{"label":"\#(long)"}"#).status == 422)
        #expect(service.reservedBytes == reserved && models.bytes == bytes)
        rest?.giveBack()
        #expect(try client.send("PATCH", "/v1/models/m/classes/a", #"{"label":"\#(long)"}"#).status == 200)
        let copy = try killed()
        #expect(try copy.start().client().send("GET", "/v1/models/m/classes").text.contains(long))
    }

    // MARK: Failing disks

    @Test(arguments: 0..<3) func failedWrite_changesNothing_andAFailedSyncStopsLearning(change: Int) throws {
        let disk = FaultyFileSystem(SystemFileSystem())
        let service = try models.start(fileSystem: disk)
        let client = service.client()
        try fill(client)
        let (method, path, body) = Self.changes[change]
        let (before, bytes, reserved) = (try snapshot(client), models.bytes, service.reservedBytes)
        for fault in [FaultyFileSystem.Fault.error(ENOSPC), .shortThenFull, .error(EIO)] {
            disk.fail(.write, 0, fault)
            let reply = try client.send(method, path, body)
            #expect(reply.status == (fault == .error(EIO) ? 503 : 507), "\(reply.text)")
            #expect(reply.problemDetail.contains("nothing was changed"), "\(reply.text)")
            disk.heal()
            #expect(models.bytes == bytes && service.reservedBytes == reserved)
            expectSame(try snapshot(client), before, "\(method) \(fault)")
        }
        #expect(try client.send("GET", "/readyz").status == 200)
        disk.fail(.synchronizeData, 0, .error(EIO))
        let unknown = try client.send(method, path, body)
        #expect(unknown.status == 503 && unknown.problemDetail.contains("outcome is unknown"), "\(unknown.text)")
        disk.heal()
        #expect(try client.send(method, path, body).problemDetail.contains("has stopped learning"))
        #expect(try client.send("GET", "/v1/models/m")["version"].int == 3)
        #expect(try client.send("GET", "/readyz").status == 503)
        service.stop()
        // The record was written: the next start makes the change, once.
        let next = try models.start().client()
        #expect(try next.send("GET", "/v1/models/m")["version"].int == 4)
        #expect(try next.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 1, 1]], ["a"]))["version"].int == 5)
    }

    /// The change fails after its record was written: the record is taken back.
    @Test func changeThatDoesNotFitInMemory_isTakenBack() throws {
        let models = KeptModels(workerThreads: 1)
        let service = try models.start()
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":2,"imbalance":{"kind":"pseudo_features","cap":4}}"#)
        try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 0], [0, 1]], ["a", "b"]))
        try client.send("POST", "/v1/models/m/rebalance")
        let (before, bytes) = (try snapshot(client).encoded(), models.bytes)
        try service.model()?.enqueue(.call { _ in AllocationFault.fail(0) })
        let refused = try client.send("DELETE", "/v1/models/m/classes/a")
        try service.model()?.enqueue(.call { _ in AllocationFault.heal() })
        #expect(refused.status == 507, "\(refused.text)")
        #expect(try snapshot(client).encoded() == before && models.bytes == bytes)
        #expect(try client.send("DELETE", "/v1/models/m/classes/a")["version"].int == 2)
    }

    // MARK: Damage

    @Test(arguments: 0..<3) func tornChange_isCutOff_andADamagedOneIsRefused(change: Int) throws {
        var service = try models.start()
        var client = service.client()
        try fill(client)
        let before = try snapshot(client)
        let path = "/models/m/log-0.wal"
        let start = try Data(contentsOf: URL(fileURLWithPath: models.path + path)).count
        let (method, resource, body) = Self.changes[change]
        #expect(try client.send(method, resource, body).status == 200)
        let whole = try Data(contentsOf: URL(fileURLWithPath: models.path + path))
        for count in [1, 7, 8, 16, 31, 32, 40, whole.count - start - 1] {
            let copy = try killed()
            try whole.prefix(whole.count - count).write(to: URL(fileURLWithPath: copy.path + path))
            let audit = try audit(copy)
            #expect(audit.version == 3 && audit.tornEnd != nil && !audit.mayHaveLostRecord && audit.mismatches.isEmpty)
            let next = try copy.start()
            expectSame(try snapshot(next.client()), before, "\(count) bytes less")
            #expect(try Data(contentsOf: URL(fileURLWithPath: copy.path + path)) == whole.prefix(start))
        }
        // Each octet of the record: it may have been acknowledged; if another follows, it was.
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 1, 1]], ["c"])).status == 200)
        let followed = try Data(contentsOf: URL(fileURLWithPath: models.path + path))
        for place in stride(from: start, to: whole.count, by: 5) {
            let copy = try killed()
            var bytes = whole
            bytes[place] ^= 4
            try bytes.write(to: URL(fileURLWithPath: copy.path + path))
            #expect(try audit(copy).mayHaveLostRecord)
            bytes = followed
            bytes[place] ^= 4
            try bytes.write(to: URL(fileURLWithPath: copy.path + path))
            let error = #expect(throws: StorageError.self) { try copy.start() }
            #expect(error?.description.contains("log-0.wal is damaged at offset \(start)") == true)
        }
        service.stop()
        service = try models.start()
        client = service.client()
        #expect(try client.send("GET", "/v1/models/m")["version"].int == 5)
    }

    /// Appends a record to the log of a directory that no server has open.
    private func append(_ change: LoggedChange, dimension: Int = 3, to models: KeptModels) throws -> Int {
        try append(to: models) { ChangeRecord.encode(change, dimension: dimension, time: 1, to: &$0) }
    }

    private func append(to models: KeptModels, _ encode: (inout LogRecord) -> Void) throws -> Int {
        let data = try DataDirectory(models.path)
        defer { data.close() }
        let directory = data.model("m")
        let chain = try LogChain(directory, after: try directory.checkpoints().last ?? 0)
        while try chain.next() {}
        let log = try chain.continue()
        var record = LogRecord()
        encode(&record)
        let offset = log.size
        try log.append(&record, version: chain.version + 1)
        return offset
    }

    /// Complete records that no server has written: their content contradicts the state before them.
    @Test(
        arguments: [
            .renamed(column: 0, "none", to: "x"), .renamed(column: 1, "a", to: "x"), .renamed(column: 0, "a", to: "b"),
            .deleted(column: 3, "d"), .deleted(column: 0, "b"), .deleted(column: 4_000_000_000, "a"),
        ] as [LoggedChange])
    func impossibleChange_isDamage(change: LoggedChange) throws {
        let service = try models.start()
        try fill(service.client())
        let copy = try killed()
        let offset = try append(change, to: copy)
        let place = "log-0.wal is damaged at offset \(offset)"
        #expect(try audit(copy).mismatches.first?.contains(place) == true)
        let next = try copy.start(isReady: false)
        var reason = ""
        #expect(
            next.wait {
                guard case .lost(let text) = next.model()?.condition else { return false }
                reason = text
                return true
            })
        #expect(reason.contains(place), "\(reason)")
        #expect(try next.client().send("GET", "/readyz").status == 503)
    }

    @Test func impossibleSettings_areDamage_foundBeforeTheServerListens() throws {
        let service = try models.start()
        try fill(service.client())
        let settings = LoggedChange.settings(ModelPatch(imbalance: .pseudoFeatures(noise: -1, cap: 1, seed: 0)))
        for (change, dimension) in [(settings, 3), (.deleted(column: 0, "a"), 4)] as [(LoggedChange, Int)] {
            let copy = try killed()
            let offset = try append(change, dimension: dimension, to: copy)
            let error = #expect(throws: StorageError.self) { try copy.start() }
            #expect(error?.description.contains("damaged at offset \(offset)") == true, "\(String(describing: error))")
        }
    }

    // MARK: Formats

    /// A directory as a server before format 2 left it: read as it was, and continued in its format until the next checkpoint.
    @Test func logOfTheFirstFormat_isReadAndContinued_andAChangeBeginsANewOne() throws {
        try fill(try models.start().client())
        let path = "/models/m/log-3.wal"
        let url = URL(fileURLWithPath: models.path + path)
        let reader = try LogReader(models.path + path)
        #expect(reader.format == LogFormat.newest)
        try Data(LogFormat.FileHeader(format: 1, baseVersion: 3, salt: 5).bytes).write(to: url)
        var service = try models.start()
        for row in 0..<2 {
            let body = Bodies.learn([[1, Double(row), 0]], ["d"])
            #expect(try service.client().send("POST", "/v1/models/m/learn", body).status == 200)
            #expect(try LogReader(models.path + path).format == 1)
            let copy = try killed()
            service.stop()
            // As after a kill, so that the log is read and continued again.
            try FileManager.default.removeItem(atPath: models.path)
            try copy.copy(to: models.path)
            service = try models.start()
        }
        let before = try snapshot(service.client())
        #expect(try service.client().send("PATCH", "/v1/models/m/classes/b", #"{"label":"z"}"#).status == 200)
        #expect(models.files() == ["checkpoint-6.safetensors", "log-6.wal"])
        #expect(try LogReader(models.path + "/models/m/log-6.wal").format == LogFormat.newest)
        let after = try snapshot(service.client())
        #expect(after.labels == ["a", "z", "c", "d"] && after["cross_moment"]?.bytes == before["cross_moment"]?.bytes)
        #expect(try service.client().send("DELETE", "/v1/models/m/classes/z").status == 200)
        #expect(models.files() == ["checkpoint-6.safetensors", "log-6.wal"])
    }

    @Test func changeInALogOfTheFirstFormat_isDamage() throws {
        try fill(try models.start().client())
        try Data(LogFormat.FileHeader(format: 1, baseVersion: 3, salt: 5).bytes).write(
            to: URL(fileURLWithPath: models.path + "/models/m/log-3.wal"))
        _ = try append(.deleted(column: 0, "a"), to: models)
        let error = #expect(throws: StorageError.self) { try models.start() }
        #expect(error?.description.contains("logs of format 1 do not have") == true)
    }

    /// A log as a server before format 3 left it: its record of settings is read, and other settings take a checkpoint.
    @Test func logOfTheSecondFormat_isReadAndContinued_andSettingsBeginANewOne() throws {
        try fill(try models.start().client())
        let path = models.path + "/models/m/log-3.wal"
        try Data(LogFormat.FileHeader(format: 2, baseVersion: 3, salt: 5).bytes).write(to: URL(fileURLWithPath: path))
        _ = try append(to: models) { record in
            let text = #"{"kind":"reweight","power":0.25}"#
            record.removeAll()
            RecordStart(kind: .imbalance, requests: 1, time: WallClock.coarseSeconds).append(dimension: 3, to: &record)
            record.append(UInt32(text.utf8.count))
            record.append(UInt32(0))
            Array(text.utf8).withUnsafeBytes { record.append($0) }
            record.align()
        }
        let client = try models.start().client()
        #expect(try client.send("GET", "/v1/models/m")["config"]["imbalance"]["power"].double == 0.25)
        #expect(try client.send("PATCH", "/v1/models/m/classes/b", #"{"label":"z"}"#).status == 200)
        #expect(models.files() == ["checkpoint-3.safetensors", "log-3.wal"])
        #expect(try client.send("PATCH", "/v1/models/m", #"{"balance":0.5}"#)["config"]["balance"].double == 0.5)
        #expect(models.files() == ["checkpoint-6.safetensors", "log-6.wal"])
        #expect(try client.send("PATCH", "/v1/models/m", #"{"balance":0.75}"#).status == 200)
        #expect(models.files() == ["checkpoint-6.safetensors", "log-6.wal"])
        #expect(try killed().start().client().send("GET", "/v1/models/m")["config"]["balance"].double == 0.75)
    }

    /// The offline restore counts the versions of changes, and drops them.
    @Test func offlineRestore_passesTheVersionsOfChanges() throws {
        try fill(try models.start().client())
        let service = try models.start()
        #expect(try service.client().send("DELETE", "/v1/models/m/classes/a").status == 200)
        #expect(try service.client().send("PATCH", "/v1/models/m/classes/b", #"{"label":"z"}"#).status == 200)
        let copy = try killed()
        #expect(try CheckpointRestoring.restore(copy.path, model: "m", version: 3) == 6)
        #expect(try snapshot(copy.start().client()).labels == ["a", "b", "c"])
    }

    /// A change waits neither for a checkpoint nor for the one under way, and is not lost when that one fails or is killed.
    @Test func changeBesideACheckpointUnderWay_isInTheLogAfterIt() throws {
        let disk = FaultyFileSystem(SystemFileSystem())
        let service = try models.start(fileSystem: disk) { $0.checkpointLogBytes = 4000 }
        let client = service.client()
        try fill(client)
        disk.fail(.rename, 0, .error(EIO), isLasting: true)
        let body = Bodies.learn((0..<50).map { [Double($0), 1, 1] }, [String](repeating: "a", count: 50))
        for _ in 0..<40 where disk.count(.rename) == 0 { #expect(try client.send("POST", "/v1/models/m/learn", body).status == 200) }
        #expect(service.wait { disk.count(.rename) > 0 })
        for (method, path, body) in Self.changes { #expect(try client.send(method, path, body).status == 200) }
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 1, 1]], ["a"])).status == 200)
        let copy = try killed()
        #expect(copy.files().contains("checkpoint-0.safetensors") && copy.files().count > 2)
        expectSame(try snapshot(copy.start().client()), try snapshot(client), "two logs")
    }
}
