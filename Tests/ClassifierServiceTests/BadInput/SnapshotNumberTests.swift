import AnalyticLearning
import Foundation
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// Every number in a file is input: it is refused when it is read, or the model continues in every way and its saved state can be read
/// again.
@Suite struct SnapshotNumberTests {
    /// A snapshot with everything that it can hold.
    private func snapshot(_ service: TestService, _ imbalance: String, _ rank: String) throws -> [UInt8] {
        var generator = SeededGenerator(seed: 1)
        let model = ModelClient(service, "source")
        let config = #"{"dimension":2,"imbalance":\#(imbalance),"sketch_rank":\#(rank)}"#
        #expect(try model.create(config).status == 201)
        for _ in 0..<5 {
            let labels = (0..<50).map { "c\($0 % 3)" }
            let rows = labels.map { label in [generator.normal() + (label == "c1" ? 2 : 0), generator.normal() + (label == "c2" ? 2 : 0)] }
            #expect(try model.learn(rows, labels).status == 200)
            let expected = imbalance.contains("none") ? 409 : 200
            #expect(try model.client.send("POST", model.path + "/rebalance").status == expected)
        }
        let snapshot = try model.snapshot().body
        try model.delete()
        return snapshot
    }

    /// Does everything to a model that a client can do.
    private func goOn(_ model: ModelClient, _ comment: String) throws {
        let row = [0.5, -0.25]
        for operation in [
            { try model.learn([row, [1, 2]], ["c0", "new"]) }, { try model.predict([row], top: 10) },
            { try model.client.send("POST", model.path + "/predict?probability=true&leverage=true", Bodies.predict([row])) },
            { try model.client.send("POST", model.path + "/unlearn", Bodies.learn([row], ["c0"])) },
            { try model.client.send("POST", model.path + "/rebalance") },
            { try model.client.send("PATCH", model.path, #"{"ridge":0.2}"#) },
            { try model.client.send("PATCH", model.path + "/classes/c2", #"{"label":"renamed"}"#) },
            { try model.client.send("DELETE", model.path + "/classes/c1") },
            { try model.learn([row], ["c0"]) },
            { try model.details() }, { try model.client.send("GET", model.path + "/classes") },
            { try model.client.send("GET", model.path + "/history") },
            { try model.client.send("GET", "/metrics") },
        ] as [() throws -> Reply] {
            let reply = try operation()
            #expect(reply.status < 500, "\(comment): \(reply.text)")
        }
        let again = try model.snapshot()
        #expect(again.status == 200, "\(comment)")
        let restored = try model.restore(again.body)
        #expect(restored.status == 200 || restored.status == 422, "\(comment): \(restored.text)")
        let merged = try model.client.send("POST", model.path + "/merge", again.body, contentType: Operation.snapshotType.description)
        // Sums that no rows have, which the spectrum alone solves, can be restored and not merged.
        #expect([200, 400, 409, 422].contains(merged.status), "\(comment): \(merged.text)")
        #expect(try model.restore(try model.snapshot().body).status != 400, "\(comment)")
    }

    static let integers: [Int64] = [.max, .min, -1, 1 << 53, (1 << 53) - 1]
    /// A model with everything that a snapshot can hold except whole class matrices; and one with those.
    static let kinds = [(#"{"kind":"reweight"}"#, "2"), (#"{"kind":"reweight"}"#, #""exact""#)]

    @Test(arguments: kinds) func everyIntegerOfASnapshot_isRefused_orTheModelGoesOn(imbalance: String, rank: String) throws {
        try TestService.run { service in
            let file = try snapshot(service, imbalance, rank)
            let original = try EditedSnapshot(file)
            let model = ModelClient(service)
            var (taken, refused) = (0, 0)
            for name in original.names where original[name]?.type == .i64 {
                let count = original.elements(name, as: Int64.self).count
                // The first rows and the last of long tensors: all rows are read alike.
                for index in 0..<count where index < 6 || index == count - 1 {
                    for value in Self.integers {
                        var changed = original
                        changed.set(name, index, to: value)
                        try upload(changed, model, "\(name)[\(index)] = \(value)", &taken, &refused)
                    }
                }
            }
            for key in ["samples", "version", "balanced_version"] where original.metadataValue(key) != nil {
                for value in Self.integers {
                    var changed = original
                    changed.setMetadata(key, "\(value)")
                    try upload(changed, model, "\(key) = \(value)", &taken, &refused)
                }
            }
            for key in ["erases_before", "balanced_version"] where original.metadataValue(key) == nil {
                for value in Self.integers {
                    var changed = original
                    changed.setMetadata(key, "\(value)")
                    try upload(changed, model, "\(key) = \(value)", &taken, &refused)
                }
            }
            #expect(taken > 0 && refused > 50)
        }
    }

    @Test(arguments: kinds[..<1]) func everyFloatOfASnapshot_isRefused_orTheModelGoesOn(imbalance: String, rank: String) throws {
        try TestService.run { service in
            let original = try EditedSnapshot(try snapshot(service, imbalance, rank))
            let model = ModelClient(service)
            var (taken, refused) = (0, 0)
            for name in original.names where original[name]?.type == .f64 {
                let count = original.elements(name, as: Double.self).count
                for index in 0..<count where index < 2 || index == count - 1 {
                    for value in [
                        Double.greatestFiniteMagnitude, -Double.greatestFiniteMagnitude, .infinity, .nan, 0x1p52, -1,
                        .leastNonzeroMagnitude,
                    ] {
                        var changed = original
                        changed.set(name, index, to: value)
                        try upload(changed, model, "\(name)[\(index)] = \(value)", &taken, &refused)
                    }
                }
            }
            #expect(taken > 0 && refused > 20)
        }
    }

    private func upload(
        _ changed: EditedSnapshot, _ model: ModelClient, _ comment: String, _ taken: inout Int, _ refused: inout Int
    ) throws {
        let reply = try model.restore(try changed.encoded())
        if reply.status == 400 {
            refused += 1
        } else {
            taken += 1
            #expect(reply.status == 200 || reply.status == 201, "\(comment): \(reply.text)")
            try goOn(model, comment)
            try model.delete()
        }
    }

    /// A counter at its maximum stays where it can be saved, however much is learned afterwards.
    @Test func countersAtTheirHighest_stayThere() throws {
        try TestService.run { service in
            var snapshot = try EditedSnapshot(try snapshot(service, #"{"kind":"none"}"#, "0"))
            snapshot.set("evaluation.summary", 1, to: Int64(Classifier.maximumCount))
            snapshot.set("calibration.summary", 0, to: Double(1 << 52))
            let model = ModelClient(service)
            #expect(try model.restore(try snapshot.encoded()).status == 201)
            for _ in 0..<3 {
                #expect(try model.learn([[1, 0], [0, 1]], ["c0", "c1"]).status == 200)
                #expect(try model.details()["evaluation"]["evaluated_samples"].int == Classifier.maximumCount)
                #expect(try model.restore(try model.snapshot().body).status == 200)
            }
        }
    }

    /// Sums near their limits are not added past them: a merged state can be saved and read again.
    @Test func sumsNearTheirBounds_areNotMergedPastThem() throws {
        try TestService.run { service in
            let original = try EditedSnapshot(try snapshot(service, #"{"kind":"none"}"#, "0"))
            for (name, value) in [("class.m2", 0.9e121)] {
                var snapshot = original
                snapshot.set(name, 0, to: value)
                let file = try snapshot.encoded()
                let model = ModelClient(service)
                #expect(try model.restore(file).status == 201)
                let before = try model.snapshot().body
                let merged = try model.client.send("POST", model.path + "/merge", file, contentType: Operation.snapshotType.description)
                #expect(merged.status == 422 && merged.problemDetail.contains("larger"), "\(merged.text)")
                #expect(try model.snapshot().body == before)
                try model.delete()
            }
        }
    }

    /// Unlearning rows under another label than they were learned with takes no mean out of its limits.
    @Test func meansStayWithinTheirBounds() throws {
        let models = KeptModels()
        var service = try models.start()
        var client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":1}"#)
        let rows = [[Double]](repeating: [1e50], count: 500), others = [[Double]](repeating: [-1e50], count: 600)
        let body = Bodies.learn(rows + others, [String](repeating: "a", count: 500) + [String](repeating: "b", count: 600))
        #expect(try client.send("POST", "/v1/models/m/learn", body).status == 200)
        let unlearned = try client.send(
            "POST", "/v1/models/m/unlearn", Bodies.learn(Array(others[..<499]), [String](repeating: "a", count: 499)))
        #expect(unlearned.status == 200, "\(unlearned.text)")
        service.stop()
        service = try models.start()
        client = service.client()
        #expect(try client.send("GET", "/v1/models/m")["samples"].int == 601)
    }

    /// Each number in a checkpoint's table of requests.
    @Test func everyNumberOfTheTableOfRequests_isRefused_orTheTableGoesOn() throws {
        var table = IdempotencyTable()
        let key = try #require(IdempotencyKey("k"))
        for block in 0..<2 {
            let answer = LearnAnswer(model: "m", version: 3, rows: 2, samples: 4, classes: 2, newClasses: [], accuracyBefore: 0.5)
            let classes = block == 0 ? AnsweredClasses.named(["a"]) : .identified([1..<2])
            table.remember(
                RequestIdentity(key: key, block: block, hash: 7), .learn(answer, newClasses: classes), time: 1_700_000_000)
        }
        let other = try #require(IdempotencyKey("l"))
        table.remember(
            RequestIdentity(key: other, block: 0, hash: 8), .listing(Array("{".utf8), .identified([0..<2]), Array("}".utf8)),
            time: 1_700_000_000)
        let registry = try #require(ClassRegistry(labels: ["a", "b"]))
        let bytes = table.encoded(registry)
        var taken = 0
        for start in 0..<(bytes.count - 7) {
            for value in Self.integers {
                var changed = bytes
                withUnsafeBytes(of: value) { changed.replaceSubrange(start..<(start + 8), with: $0) }
                guard var read = changed.withUnsafeBytes({ IdempotencyTable($0, model: "m") }) else { continue }
                taken += 1
                var total = LearnTotal()
                for (key, entry) in read.inOrder {
                    for (index, block) in entry.blocks.enumerated() {
                        if let answer = block.answer.learned(registry) {
                            total.add(answer)
                        } else {
                            _ = block.answer.remembered(registry).map { KeyedOutcome.remembered($0).text(listing: "").response }
                        }
                        _ = try? read.find(RequestIdentity(key: key, block: index, hash: block.hash))
                    }
                    read.remember(RequestIdentity(key: key, block: entry.blocks.count, hash: 1), .body([]), time: entry.time)
                }
                _ = total.answer?.text(.now).response
                #expect(read.encoded(registry).withUnsafeBytes { IdempotencyTable($0, model: "m") } != nil)
            }
        }
        #expect(taken > 0)
    }

    /// Each number in a log's record.
    @Test func everyNumberOfARecord_isRefused_orLearned() throws {
        var record: [UInt8] = []
        for number in [1, 1] as [UInt32] { record.append(integer: number) }
        record.append(integer: Int64(1_700_000_000))
        for number in [2, 0, 2] as [UInt32] { record.append(integer: number) }
        record += [0, 0, 1, 0]
        for number in [0, 2] as [UInt32] { record.append(integer: number) }
        record.append(integer: UInt64(7))
        record += Array("k".utf8) + [1, 0, 1, 0] + Array("ab".utf8)
        while record.count % 8 != 0 { record.append(0) }
        for value in [1, 2, 3, 4.0] { record.append(integer: value.bitPattern) }
        var whole: [Double] = []
        #expect(try record.withUnsafeBytes { try LearnRecord.decode($0, dimension: 2, features: &whole) }.requests.count == 1)
        for start in 0..<(record.count - 7) {
            for value in Self.integers {
                var changed = record
                withUnsafeBytes(of: value) { changed.replaceSubrange(start..<(start + 8), with: $0) }
                var features: [Double] = []
                let read = changed.withUnsafeBytes { bytes in try? LearnRecord.decode(bytes, dimension: 2, features: &features) }
                guard let read else { continue }
                #expect(RequestIdentity.times.contains(Int64(read.time)))
                var table = IdempotencyTable()
                for request in read.requests {
                    if let identity = request.identity { table.remember(identity, .body([]), time: read.time) }
                }
            }
        }
    }

    /// Files with impossible versions in their names are not mistaken for the newest.
    @Test func namesOfImpossibleVersions_areNotOfThisProgram() throws {
        let models = KeptModels()
        var service = try models.start()
        try service.client().send("PUT", "/v1/models/m", #"{"dimension":1}"#)
        #expect(try service.client().send("POST", "/v1/models/m/learn", Bodies.learn([[1]], ["a"])).status == 200)
        service.stop()
        for name in ["checkpoint-9223372036854775807.safetensors", "log-9223372036854775807.wal", "log-9007199254740992.wal"] {
            try Data([1, 2, 3]).write(to: URL(fileURLWithPath: "\(models.path)/models/m/\(name)"))
        }
        service = try models.start()
        let client = service.client()
        #expect(try client.send("GET", "/v1/models/m")["samples"].int == 1)
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1]], ["a"])).status == 200)
    }
}
