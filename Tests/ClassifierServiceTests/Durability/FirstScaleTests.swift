import Foundation
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// A feature map whose scale the first learn chooses.
@Suite struct FirstScaleTests {
    private static let automatic =
        #"{"dimension":3,"feature_map":{"kind":"random","activation":"cos","width":12,"seed":2,"scale":"auto"},"ridge":0.01}"#
    private let models = KeptModels()

    private static func rows(_ count: Int, seed: UInt64 = 1) -> ([[Double]], [String]) {
        var generator = SeededGenerator(seed: seed)
        let rows = (0..<count).map { _ in (0..<3).map { _ in generator.normal() } }
        return (rows, rows.map { $0[0] > 0 ? "right" : "left" })
    }

    /// The median distance, by sorting all of them.
    private static func median(_ rows: [[Double]]) -> Double {
        var distances: [Double] = []
        for (index, row) in rows.enumerated() {
            for other in rows[..<index] { distances.append(zip(row, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()) }
        }
        distances = distances.filter { $0 > 0 }.sorted()
        let middle = distances.count / 2
        return distances.count % 2 == 1 ? distances[middle] : (distances[middle - 1] + distances[middle]) / 2
    }

    private func scale(_ client: TestClient) throws -> JSONValue {
        try client.send("GET", "/v1/models/m")["config"]["feature_map"]["scale"]
    }

    @Test func refusedRows_leaveTheScaleOpen() throws {
        let service = try TestService()
        defer { service.service.stop(within: 1) }
        let client = service.client()
        let model = ModelClient(client)
        try model.create(Self.automatic)
        let before = (try model.snapshot().body, try model.details().textWithoutAges)
        for (rows, expected) in [([[1.0, 2, 3]], "one row has no distances"), ([[1, 2, 3], [1, 2, 3]], "the first 2 rows are equal")] {
            let reply = try model.learn(rows, rows.map { _ in "a" })
            #expect(reply.status == 422 && reply.problemDetail.contains(expected) && reply.problemDetail.contains("two different rows"))
        }
        let lines = ArrayBodies.lines([[1, 2, 3]], ["a"])
        let stream = try client.send("POST", model.path + "/learn", lines, contentType: "application/x-ndjson")
        #expect(stream.status == 422 && stream["rows_applied"].int == 0)
        #expect(try model.snapshot().body == before.0 && model.details().textWithoutAges == before.1)
        #expect(try scale(client) == .string("auto"))
        // A refused request beside a good one does not choose.
        let (rows, labels) = Self.rows(9)
        #expect(try model.learn(rows, labels).status == 200)
        let chosen = try #require(try scale(client).double)
        #expect(abs(chosen - Self.median(rows)) < 1e-14 * chosen)
        // From now on a single row is as good as any.
        #expect(try model.learn([[1, 2, 3]], ["right"]).status == 200)
        #expect(try scale(client).double == chosen)
    }

    /// Requests that wait together are one block: the first that has a scale chooses, and one without is refused alone.
    @Test func theFirstGoodRequestOfABlock_chooses() throws {
        let service = try TestService()
        defer { service.service.stop(within: 1) }
        let model = ModelClient(service)
        try model.create(Self.automatic)
        let (begun, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let registered = try #require(service.service.registry.all.first { $0.name == "m" })
        try registered.enqueue(
            .call { _ in
                begun.signal()
                ended.wait()
            })
        begun.wait()
        let bodies = [Self.rows(1, seed: 3), Self.rows(9, seed: 4), Self.rows(1, seed: 5), Self.rows(20, seed: 6)]
        var waiting: [TestClient] = []
        for (rows, labels) in bodies {
            let client = service.client()
            try client.begin("POST", model.path + "/learn", Bodies.learn(rows, labels))
            waiting.append(client)
            #expect(service.waitForJobs(waiting.count, of: "m"))
        }
        ended.signal()
        let replies = try waiting.map { try $0.readReply() }
        #expect(replies.map(\.status) == [422, 200, 200, 200])
        #expect(Set(replies.compactMap { $0["version"].int }) == [1])
        let chosen = try #require(try scale(model.client).double)
        #expect(abs(chosen - Self.median(bodies[1].0)) < 1e-14 * chosen)
        #expect(try model.details()["samples"].int == 30)
    }

    @Test func theChosenScale_isWhatAPutAsksFor() throws {
        let service = try TestService()
        defer { service.service.stop(within: 1) }
        let client = service.client()
        let model = ModelClient(client)
        #expect(try model.create(Self.automatic).status == 201)
        #expect(try model.create(Self.automatic).status == 200)
        let number = { (scale: String) in Self.automatic.replacingOccurrences(of: #""auto""#, with: scale) }
        #expect(try model.create(number("2")).status == 409)
        let (rows, labels) = Self.rows(10)
        try model.learn(rows, labels)
        let chosen = try scale(client)
        #expect(try model.create(Self.automatic).status == 200 && model.create(number("\(chosen)")).status == 200)
        #expect(try model.create(number("2")).status == 409)
        // The same model, made with the number.
        let other = ModelClient(client, "n")
        try other.create(number("\(chosen)"))
        try other.learn(rows, labels)
        let (one, two) = (try EditedSnapshot(model.snapshot().body), try EditedSnapshot(other.snapshot().body))
        #expect(one["weight"]?.bytes == two["weight"]?.bytes && one.metadataValue("config") == two.metadataValue("config"))
        // It merges, and an empty model without a scale does not.
        let path = model.path + "/merge"
        #expect(try client.send("POST", path, other.snapshot().body, contentType: "application/vnd.safetensors").status == 200)
        let open = ModelClient(client, "open")
        try open.create(Self.automatic)
        let refused = try client.send("POST", open.path + "/merge", other.snapshot().body, contentType: "application/vnd.safetensors")
        #expect(refused.status == 409 && refused.problemDetail.contains("feature_map.scale differs: auto here"))
    }

    /// The log holds rows, not the scale: a start finds the same one, to the bit, also with more requests behind the first.
    @Test func theScale_comesBackFromTheLog() throws {
        let copy = KeptModels()
        let service = try models.start()
        let client = service.client()
        try client.send("PUT", "/v1/models/m", Self.automatic)
        let (rows, labels) = Self.rows(30)
        for part in [0..<7, 7..<8, 8..<30] {
            let body = Bodies.learn(Array(rows[part]), Array(labels[part]))
            #expect(try client.send("POST", "/v1/models/m/learn", body).status == 200)
        }
        let chosen = try scale(client)
        #expect(abs(try #require(chosen.double) - Self.median(Array(rows[..<7]))) < 1e-14)
        let before = try EditedSnapshot(client.send("GET", "/v1/models/m/snapshot").body)
        try models.copy(to: copy.path)
        var audits: [ModelAudit] = []
        try ModelAudit.run(copy.path) { audits.append($0) }
        #expect(audits[0].mismatches.isEmpty && audits[0].loggedRows == 30 && audits[0].residual < 1e-12)
        let next = try copy.start().client()
        #expect(try scale(next) == chosen)
        let after = try EditedSnapshot(next.send("GET", "/v1/models/m/snapshot").body)
        #expect(after.metadataValue("config") == before.metadataValue("config"))
        for name in ["feature_map.projection", "feature_map.phase"] { #expect(after[name]?.bytes == before[name]?.bytes) }
        let pairs = zip(after.elements("weight", as: Double.self), before.elements("weight", as: Double.self))
        #expect(pairs.allSatisfy { abs($0 - $1) < 1e-9 })
    }
}
