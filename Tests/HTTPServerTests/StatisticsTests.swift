import Concurrency
import Foundation
import Testing

@testable import HTTPServer

/// Requests counted by route, method and status.
@Suite struct StatisticsTests {
    private func start() throws -> RunningServer {
        var router = Router()
        router.on(.get, "/hello/{name}") { _, responder in responder.send(.ok, "hello") }
        router.on(.get, "/large") { _, responder in
            responder.send(Response(.ok, contentType: "text/plain", bytes: [UInt8](repeating: 0x61, count: 30 << 20)))
        }
        router.on(.post, "/body") { request, responder in
            responder.send(request.bodyCount > 3 ? Response(Status(422)) : Response(Status(299)))
        }
        let waiting = SharedList<DeferredResponder>()
        router.on(.post, "/never") { _, responder in waiting.append(responder.deferred()) }
        return try RunningServer(router)
    }

    private func find(_ server: RunningServer, _ method: Method?, _ pattern: String?) -> RouteStatistics? {
        server.server.routeStatistics.first { $0.method == method && $0.pattern == pattern }
    }

    private func counts(_ statistics: RouteStatistics?) -> [UInt16: UInt64] {
        Dictionary(uniqueKeysWithValues: (statistics?.statuses ?? []).map { ($0.code, $0.requests) })
    }

    @Test func requestsAreCountedByRouteMethodAndStatus() throws {
        let server = try start()
        for _ in 0..<3 {
            // Two connections, most likely on two loops.
            let client = try server.connect()
            for name in ["a", "b%2Fc"] { _ = try client.exchange("GET /hello/\(name) HTTP/1.1\r\nHost: a\r\n\r\n") }
            _ = try client.exchange("HEAD /hello/a HTTP/1.1\r\nHost: a\r\n\r\n", method: "HEAD")
            _ = try client.exchange("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")
            _ = try client.exchange("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd")
            _ = try client.exchange("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try client.exchange("PUT /body HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try client.exchange("OPTIONS /body HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try client.exchange("BREW /body HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try client.exchange("what is this\r\n\r\n")
        }
        #expect(RunningServer.eventually { server.server.statistics.requestsInFlight == 0 })
        #expect(counts(find(server, .get, "/hello/{name}")) == [200: 6])
        #expect(find(server, .get, "/hello/{name}")?.responseBytes == 30)
        #expect(counts(find(server, .head, "/hello/{name}")) == [200: 3])
        #expect(find(server, .head, "/hello/{name}")?.responseBytes == 0)
        // A status without a name counts with its hundred.
        #expect(counts(find(server, .post, "/body")) == [2: 3, 422: 3])
        #expect(counts(find(server, .get, nil)) == [404: 3])
        #expect(counts(find(server, .put, nil)) == [405: 3])
        #expect(counts(find(server, .options, nil)) == [204: 3])
        // An unknown method, and octets that are not a request.
        #expect(counts(find(server, nil, nil)) == [400: 3, 501: 3])
        for statistics in server.server.routeStatistics {
            #expect(statistics.durations.count == statistics.statuses.reduce(0) { $0 + $1.requests })
            #expect(statistics.durations.seconds > 0)
            #expect(statistics.brokenOff == 0)
        }
    }

    @Test func requestsInFlightAreCountedUntilTheyEndHoweverTheyEnd() throws {
        let server = try start()
        let large = try server.connect()
        large.shrinkReceiveBuffer()
        large.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        large.readOnce(within: 120)
        let never = try server.connect()
        never.send("POST /never HTTP/1.1\r\nHost: a\r\n\r\n")
        let half = try server.connect()
        half.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab")
        #expect(RunningServer.eventually { server.server.statistics.requestsInFlight == 3 })
        for client in [large, never, half] { client.reset() }
        #expect(RunningServer.eventually { server.server.statistics.requestsInFlight == 0 })
        #expect(find(server, .get, "/large")?.brokenOff == 1)
        #expect(counts(find(server, .get, "/large")) == [200: 1])
        #expect(find(server, .post, "/never")?.brokenOff == 1)
        #expect(counts(find(server, .post, "/never")) == [:])
        #expect(find(server, .post, "/never")?.durations.count == 0)
        #expect(find(server, .post, "/body")?.brokenOff == 1)
    }

    @Test func aBucketTakesItsUpperBound() {
        var counts = DurationCounts()
        for nanoseconds: Int64 in [-1, 0, 100_000, 100_001, 10_000_000_000, 10_000_000_001, .max >> 8] {
            counts.add(nanoseconds: nanoseconds)
        }
        #expect(counts.buckets[0] == 3)
        #expect(counts.buckets[1] == 1)
        #expect(counts.buckets[15] == 1)
        #expect(counts.buckets[16] == 2)
        #expect(counts.count == 7)
        #expect(DurationCounts.bounds.count == DurationCounts.bucketCount - 1)
        #expect(DurationCounts.bounds == DurationCounts.bounds.sorted())
        #expect(DurationCounts.bounds[0] == 0.0001)
        #expect(DurationCounts.bounds[15] == 10)
    }

    @Test func statusesWithNamesAreAllNamed() {
        #expect(Status.named.map(\.code) == Status.named.map(\.code).sorted())
        #expect(Set(Status.named).count == Status.named.count)
        let general: Set<String> = ["Success", "Redirection", "Client Error", "Server Error"]
        for code in UInt16(200)...599 {
            let isNamed = !general.contains(Status(code).reason.description)
            #expect(Status.named.contains(Status(code)) == isNamed, "\(code)")
        }
    }
}
