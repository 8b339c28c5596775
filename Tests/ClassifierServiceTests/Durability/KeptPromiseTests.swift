import Foundation
import TensorFormats
import Testing

@testable import ClassifierService

/// A repeat under a key gets the first answer and changes nothing, however much the request learned and whatever came in between.
@Suite struct KeptPromiseTests {
    private let models = KeptModels()
    private static let row = "{\"features\":[1,2],\"label\":\"a\"}\n"

    /// Learns whose labels are not listed in the table take no room there and displace no others (`IdempotencyTests` counts the bytes).
    @Test func learnOfManyLabels_isRememberedAndPushesNoOtherOut() throws {
        let service = try models.start()
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":1}"#)
        let small = Bodies.learn([[2]], ["first"])
        let first = try client.send("POST", "/v1/models/m/learn", small, key: "small")
        let count = 1200
        func body(_ part: Int) -> [UInt8] {
            let padding = String(repeating: "x", count: 1000)
            return Bodies.learn((0..<count).map { [Double($0)] }, (0..<count).map { "\(padding)\(part)-\($0)" })
        }
        let many = try (0..<3).map { try client.send("POST", "/v1/models/m/learn", body($0), key: "many\($0)") }
        #expect(many.allSatisfy { $0.status == 200 && $0["new_classes"].array?.count == count })
        let samples = 3 * count + 1
        func expectRemembered(_ client: TestClient) throws {
            #expect(try client.send("POST", "/v1/models/m/learn", small, key: "small").text == first.text)
            for part in [0, 2] {
                let again = try client.send("POST", "/v1/models/m/learn", body(part), key: "many\(part)")
                #expect(again.status == 200 && again.text == many[part].text, "part \(part)")
            }
            #expect(try client.send("GET", "/v1/models/m")["samples"].int == samples)
        }
        try expectRemembered(client)
        // From memory, and from a checkpoint's table.
        service.stop()
        try expectRemembered(try models.start().client())
    }

    /// Classes renamed or deleted since: a repeat never names a class that its request did not create.
    @Test func repeatNamesItsOwnClasses_asTheyAreCalledNow() throws {
        let service = try models.start()
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":1}"#)
        try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1], [2]], ["x", "y"]))
        let labels = (0..<200).map { "c\($0)" }
        let body = Bodies.learn(labels.indices.map { [Double($0)] }, labels)
        let first = try client.send("POST", "/v1/models/m/learn", body, key: "k")
        #expect(try client.send("POST", "/v1/models/m/learn", body, key: "k").body == first.body)
        for label in ["x", "c0", "c7"] { #expect(try client.send("DELETE", "/v1/models/m/classes/\(label)").status == 200) }
        #expect(try client.send("PATCH", "/v1/models/m/classes/c8", #"{"label":"eight"}"#).status == 200)
        #expect(try client.send("POST", "/v1/models/m/learn", Bodies.learn([[1], [3]], ["c0", "z"])).status == 200)
        let expected = labels.filter { $0 != "c0" && $0 != "c7" }.map { $0 == "c8" ? "eight" : $0 }
        func told(_ client: TestClient) throws -> [String] {
            try client.send("POST", "/v1/models/m/learn", body, key: "k")["new_classes"].array?.compactMap(\.string) ?? []
        }
        #expect(try told(client) == expected)
        service.stop()
        let next = try models.start()
        #expect(try told(next.client()) == expected)
        #expect(try next.client().send("DELETE", "/v1/models/m/classes/y").status == 200)
        #expect(try told(next.client()) == expected)
    }

    /// One block of a stream, or two, or slightly less or more: a different body, wherever a block ends.
    @Test(arguments: [1024, 1025, 2048, 3000]) func bodiesThatBeginAlike_areOthers(rows: Int) throws {
        let service = try models.start()
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":2}"#)
        func send(_ count: Int, _ client: TestClient, key: String = "k") throws -> Reply {
            try client.send(
                "POST", "/v1/models/m/learn", Array(String(repeating: Self.row, count: count).utf8), contentType: "application/x-ndjson",
                key: key)
        }
        let first = try send(rows, client)
        #expect(first.status == 200 && first["samples"].int == rows)
        func expectOthers(_ client: TestClient) throws {
            for count in [1, 1023, 1024, 1025, 2047, 2048, 2049, 3000, 4096] where count != rows {
                let other = try send(count, client)
                #expect(other.status == 422 && other["rows_applied"].int.map { $0 <= rows } == true, "\(count): \(other.text)")
            }
            #expect(try client.send("GET", "/v1/models/m")["samples"].int == rows)
        }
        #expect(try send(rows, client).text == first.text)
        try expectOthers(client)
        service.stop()
        let next = try models.start()
        try expectOthers(next.client())
        #expect(try send(rows, next.client())["samples"].int == rows)
    }

    /// A stream that breaks off after a full block continues under its key, whether or not more arrived.
    @Test func brokenStream_goesOnWhereItEnded() throws {
        let service = try models.start()
        let client = service.client()
        try client.send("PUT", "/v1/models/m", #"{"dimension":2}"#)
        let whole = String(repeating: Self.row, count: 2048)
        let broken = try client.send(
            "POST", "/v1/models/m/learn", Array((String(repeating: Self.row, count: 1024) + "{}\n").utf8),
            contentType: "application/x-ndjson", key: "k")
        let applied = try #require(broken["rows_applied"].int)
        #expect(broken.status == 400 && applied <= 1024)
        for _ in 0..<2 {
            let again = try client.send("POST", "/v1/models/m/learn", Array(whole.utf8), contentType: "application/x-ndjson", key: "k")
            #expect(again.status == 200 && again["samples"].int == 2048 && again["rows"].int == 2048)
        }
    }

    /// A class deleted since is not named in the repeat, even after a restart.
    @Test func mergeOfManyClasses_isRemembered() throws {
        let service = try models.start()
        let client = service.client()
        try client.send("PUT", "/v1/models/other", #"{"dimension":1}"#)
        let labels = (0..<300).map { "c\($0)" }
        try client.send("POST", "/v1/models/other/learn", Bodies.learn(labels.indices.map { [Double($0)] }, labels))
        let snapshot = try client.send("GET", "/v1/models/other/snapshot").body
        try client.send("PUT", "/v1/models/m", #"{"dimension":1}"#)
        func merge(_ client: TestClient) throws -> Reply {
            try client.send("POST", "/v1/models/m/merge", snapshot, contentType: "application/vnd.safetensors", key: "k")
        }
        let first = try merge(client)
        #expect(first.status == 200 && first["new_classes"].array?.count == 300)
        #expect(try merge(client).body == first.body)
        #expect(try client.send("DELETE", "/v1/models/m/classes/c5").status == 200)
        service.stop()
        let again = try merge(models.start().client())
        #expect(again["new_classes"].array?.count == 299 && again["version"] == first["version"])
    }
}
