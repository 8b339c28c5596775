import AnalyticLearning
import Foundation
import StorageTestSupport
import TensorFormats
import Testing

@testable import ClassifierService
@testable import HTTPServer
@testable import ModelHost
@testable import Storage

/// Directories of an older server, which accepted labels with U+0000, open with all their rows.
@Suite struct LabelRepairTests {
    private let models = KeptModels()

    /// A directory with some labels in its checkpoint and some in its log, as an older server wrote it; row r of all is [r + 1, 1].
    private func fill(checkpoint: [String], log: [String]) throws {
        let service = try models.start()
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":2}"#)
        let rows = (0..<(checkpoint.count + log.count)).map { [Double($0 + 1), 1] }
        #expect(
            try client.send(
                "POST", "/v1/models/m/learn", Bodies.learn(Array(rows[..<checkpoint.count]), checkpoint.indices.map { "c\($0)" })
            ).status == 200)
        service.stop()
        let url = URL(fileURLWithPath: models.path + "/models/m/checkpoint-1.safetensors")
        var snapshot = try EditedSnapshot([UInt8](try Data(contentsOf: url)))
        snapshot.setMetadata("labels", JSONValue.array(checkpoint.map(JSONValue.string)).description)
        try Data(try snapshot.encoded()).write(to: url)
        let data = try DataDirectory(models.path)
        let chain = try LogChain(data.model("m"), after: 1)
        while try chain.next() {}
        let wal = try chain.continue()
        for (index, label) in log.enumerated() {
            let rows = LearnRows(features: rows[checkpoint.count + index], labels: PackedStrings([label]), dimension: 2)
            var record = LogRecord()
            LearnRecord.encode([rows], time: 1, to: &record)
            try wal.append(&record, version: index + 2)
        }
        data.close()
    }

    private func classes(_ client: TestClient) throws -> [String: Int] {
        let list = try client.send("GET", "/v1/models/m/classes")["classes"].array ?? []
        return Dictionary(uniqueKeysWithValues: list.map { ($0["label"].string ?? "", $0["count"].int ?? 0) })
    }

    @Test func labelsWithU0000_comeBackUnderAnotherName() throws {
        // The symbol's own label is in the log, after the one that would take its place.
        try fill(checkpoint: ["a\0b", "x", "\0"], log: ["n\0", "a\u{2400}b", "a\0b", "n\0", "y"])
        let expected = ["a\u{2400}b": 1, "a\u{2400}b\u{2400}2": 2, "x": 1, "\u{2400}": 1, "n\u{2400}": 2, "y": 1]
        var audits: [ModelAudit] = []
        try ModelAudit.run(models.path) { audits.append($0) }
        #expect(audits.count == 1 && audits.allSatisfy { $0.mismatches.isEmpty && $0.classes == 6 && $0.rows == 8 }, "\(audits)")
        var service = try models.start()
        var client = service.client()
        #expect(try client.send("GET", "/readyz").status == 200)
        #expect(try classes(client) == expected)
        // The names are on disk before anything is learned under them.
        let details = try client.send("GET", "/v1/models/m")
        #expect(details["version"].int == 7 && details["samples"].int == 8)
        #expect(models.files() == ["checkpoint-7.safetensors", "log-7.wal"])
        let learned = try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 2]], ["a\u{2400}b\u{2400}2"]))
        #expect(learned.status == 200 && learned["new_classes"].array?.isEmpty == true)
        let copy = KeptModels()
        try models.copy(to: copy.path)
        service.stop()
        service = try copy.start()
        client = service.client()
        #expect(try classes(client) == expected.merging(["a\u{2400}b\u{2400}2": 3]) { $1 })
        #expect(try client.send("GET", "/v1/models/m")["version"].int == 8)
        // And it can be renamed and deleted.
        #expect(try client.send("PATCH", "/v1/models/m/classes/%E2%90%80", #"{"label":"null"}"#).status == 200)
        #expect(try client.send("DELETE", "/v1/models/m/classes/n%E2%90%80").status == 200)
    }

    /// Two classes of one spelling made the model unreadable; they are two again.
    @Test func aModelLostToTwoSpellings_comesBack() throws {
        try fill(checkpoint: ["caf\u{e9}", "cafe\u{301}"], log: ["cafe\u{301}", "caf\u{e9}"])
        let client = try models.start().client()
        let list = try client.send("GET", "/v1/models/m/classes")["classes"].array ?? []
        #expect(list.count == 2 && list.allSatisfy { $0["count"].int == 2 })
        #expect(try client.send("GET", "/v1/models/m")["version"].int == 3)
    }

    /// `inspect` and `restore` read such a checkpoint as well.
    @Test func offlineCommands_readIt() throws {
        try fill(checkpoint: ["a\0b", "x"], log: ["a\0b"])
        let facts = try StoredFile(models.path + "/models/m/checkpoint-1.safetensors").facts
        #expect(facts.contains { $0.name == "classes" && $0.value == "2" })
        #expect(try CheckpointRestoring.restore(models.path, model: "m", version: 1) == 3)
        #expect(try classes(try models.start().client()) == ["a\u{2400}b": 1, "x": 1])
    }

    @Test func names_areShortAndUnlikeAllOthers() throws {
        var texts = StoredTexts()
        let long = String(repeating: "\0", count: 1024)
        let stored = [long, String(repeating: "\0", count: 1000), "a\0", "b", "a\u{2400}", "a\u{2400}\u{2400}2"]
        texts.note(PackedStrings(stored))
        texts.note(PackedStrings(stored.reversed()))
        let repair = LabelRepair(texts)
        let labels = stored.indices.compactMap { repair.label(of: PackedStrings(stored), at: $0) }
        #expect(labels.count == stored.count && Set(labels).count == stored.count && labels.allSatisfy { $0.byteCount <= 1024 })
        #expect(labels[2] == "a\u{2400}\u{2400}3" && labels[3] == "b" && repair.changes.count == 3)
    }

    @Test func whereTheNamesCannotLast_nothingIsLearned() throws {
        try fill(checkpoint: ["a\0b"], log: [])
        let disk = FaultyFileSystem(SystemFileSystem())
        disk.fail(.rename, 0, .error(ENOSPC), isLasting: true)
        let service = try models.start(fileSystem: disk, isReady: false)
        let client = service.client()
        #expect(service.wait { service.model()?.published != nil })
        #expect(try classes(client) == ["a\u{2400}b": 1])
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1, 2]], ["a\u{2400}b"])).status == 503)
        #expect(try client.send("GET", "/readyz").status == 503)
        service.stop()
        let again = try models.start()
        let learned = try again.client().send("POST", "/v1/models/m/learn", Bodies.learn([[1, 2]], ["a\u{2400}b"]))
        #expect(learned.status == 200 && learned["classes"].int == 1)
    }
}
