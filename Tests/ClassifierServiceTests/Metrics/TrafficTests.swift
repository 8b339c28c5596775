import Concurrency
import Foundation
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// `GET /v1/traffic`, over sockets.
@Suite struct TrafficTests {
    /// The sum of a rate over the points, times their seconds: what was counted.
    private func count(_ key: String, _ reply: Reply) -> Int {
        let points = reply["points"].array ?? []
        let sum = points.reduce(0.0) { $0 + ($1[key].double ?? 0) * ($1["seconds"].double ?? 0) }
        return Int(sum.rounded())
    }

    private func traffic(_ client: TestClient, _ query: String = "") throws -> Reply {
        let reply = try client.send("GET", "/v1/traffic" + query)
        #expect(reply.status == 200 && reply.fields["content-type"] == "application/json")
        #expect(reply.fields["cache-control"] == "no-store")
        return reply
    }

    @Test func whatCameIsToldOfAllModelsAndOfOne() throws {
        let service = try TestService()
        let (model, other) = (ModelClient(service), ModelClient(service, "other"))
        for model in [model, other] { try model.create(#"{"dimension":2}"#) }
        for _ in 0..<3 { try model.learn([[1, 0], [0, 1]], ["a", "b"]) }
        try other.learn([[1, 0]], ["a"])
        for _ in 0..<5 { try model.predict([[1, 0]]) }
        let client = service.client()
        #expect(service.wait { (try? traffic(client)["points"].array?.isEmpty == false) ?? false })
        service.service.recorder.endPeriod()
        try model.learn([[1, 1]], ["a"])
        let all = try traffic(client)
        #expect(all["model"] == .null && all["interval_seconds"].double == TrafficHistory.interval)
        #expect(service.wait { (try? count("learned_rows_per_second", traffic(client)) == 8) ?? false })
        #expect(count("learned_rows_per_second", try traffic(client, "?model=m")) == 7)
        let one = try traffic(client, "?model=other")
        #expect(one["model"].string == "other")
        #expect(count("learned_rows_per_second", one) == 1)
        #expect(count("requests_per_second", one) >= 13)
        let points = try #require(one["points"].array)
        let predicted = points.first { $0["predict_p50_seconds"] != .null }
        #expect(predicted?["predict_p50_seconds"].double ?? 0 > 0)
        #expect(predicted?["predict_p99_seconds"].double ?? 0 >= predicted?["predict_p50_seconds"].double ?? .infinity)
        let ages = points.compactMap { $0["seconds_ago"].double }
        #expect(ages == ages.sorted(by: >) && ages.count == points.count)
    }

    @Test func anEmptyServerHasTrafficToo() throws {
        let service = try TestService()
        let client = service.client()
        #expect(service.wait { (try? traffic(client)["points"].array?.isEmpty == false) ?? false })
        let point = try traffic(client)["points"][0]
        #expect(point["learned_rows_per_second"].double == 0)
        #expect(point["predict_p50_seconds"] == .null && point["learn_p99_seconds"] == .null)
    }

    @Test func headSaysWhatGetWould() throws {
        let service = try TestService()
        let reply = try service.client().send("HEAD", "/v1/traffic")
        #expect(reply.status == 200 && reply.body.isEmpty)
        #expect(Int(reply.fields["content-length"] ?? "") ?? 0 > 0)
    }

    @Test(arguments: [
        ("GET", "/v1/traffic?model=none", 404, "there is no model named \"none\""),
        ("HEAD", "/v1/traffic?model=none", 404, ""),
        ("GET", "/v1/traffic?models=m", 400, "\"models\" is not a known query parameter; known parameters are model"),
        ("GET", "/v1/traffic?model=m&model=n", 400, "given twice"),
        ("POST", "/v1/traffic", 405, ""),
    ])
    func whatCannotBeAnsweredIsRefused(_ method: String, _ path: String, _ status: Int, _ detail: String) throws {
        let service = try TestService()
        let reply = try service.client().send(method, path)
        #expect(reply.status == status)
        if !detail.isEmpty { #expect(reply.problemDetail.contains(detail), "\(reply.problemDetail)") }
    }

    @Test func aTokenForReadingIsNeededAsForMetrics() throws {
        let path = NSTemporaryDirectory() + "accrue-tokens-\(UUID().uuidString)"
        let token = String(repeating: "r", count: 32)
        try "read \(token)\n".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let service = try TestService { $0.access.tokenFile = path }
        let client = service.client()
        #expect(try client.send("GET", "/v1/traffic").status == 401)
        try client.write(Array("GET /v1/traffic HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n\r\n".utf8))
        #expect(try client.readReply().status == 200)
    }

    /// A row that is learned during a period's end counts once.
    @Test func noRowIsLostOrCountedTwiceWhilePeriodsEnd() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        let rounds = 300
        for round in 0..<rounds {
            try model.learn([[1, 0], [0, 1]], ["a", "b"])
            // Few enough periods that all are kept.
            if round % 10 == 0 { service.service.recorder.endPeriod() }
        }
        let recent = service.service.registry.context.learnedRows.recent
        let own = try service.service.registry.model(named: "m").activity.withLock { $0.recentRows }
        #expect((0..<100).reduce(0) { $0 + recent[$1] } == 2 * rounds)
        #expect((0..<100).allSatisfy { own[$0] == recent[$0] })
    }
}
