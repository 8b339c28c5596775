import Concurrency
import Foundation
import Testing

@testable import HTTPServer

/// What the access observer receives.
@Suite struct ObserverTests {
    private struct Line: Sendable {
        let method: Method?
        let path: String
        let status: Int?
        let bytes: Int
        let isComplete: Bool
        let id: String
        let routeIndex: Int?
        let pattern: String?
    }

    private final class Lines: Sendable {
        private let lines = Guarded<[Line]>([])

        func note(_ record: borrowing AccessRecord) {
            let line = Line(
                method: record.method, path: String(decoding: record.path, as: UTF8.self), status: record.status.map { Int($0.code) },
                bytes: record.bytes, isComplete: record.isComplete, id: record.id.description,
                routeIndex: record.routeIndex, pattern: record.pattern)
            lines.withLock { $0.append(line) }
        }

        var all: [Line] { lines.withLock { $0 } }

        func wait(for count: Int) -> [Line] {
            _ = RunningServer.eventually { all.count >= count }
            return all
        }
    }

    private func start(_ lines: Lines) throws -> RunningServer {
        var router = Router()
        router.on(.get, "/hello") { _, responder in responder.send(.ok, "hello") }
        router.on(.get, "/large") { _, responder in
            responder.send(Response(.ok, contentType: "text/plain", bytes: [UInt8](repeating: 0x61, count: 30 << 20)))
        }
        router.on(.get, "/later") { _, responder in
            let deferred = responder.deferred()
            Thread.detachNewThread {
                usleep(20_000)
                deferred.send(.text("later"))
            }
        }
        router.on(.get, "/stream") { _, responder in
            let stream = StreamBody()
            responder.send(Response(.ok, contentType: "text/plain", body: .stream(stream)))
            Thread.detachNewThread {
                for _ in 0..<3 {
                    while case .full = stream.write(Array("abc".utf8)) { usleep(1000) }
                }
                stream.finish()
            }
        }
        let waiting = SharedList<DeferredResponder>()
        router.on(.post, "/never") { _, responder in waiting.append(responder.deferred()) }
        return try RunningServer(router) { $0.accessObserver = { lines.note($0) } }
    }

    @Test func everyAnswerIsToldOnce() throws {
        let lines = Lines()
        let server = try start(lines)
        let client = try server.connect()
        for (request, method) in [
            ("GET /hello?secret=1", "GET"), ("HEAD /hello", "HEAD"), ("GET /later", "GET"), ("GET /stream", "GET"), ("GET /large", "GET"),
            ("GET /nothing", "GET"),
        ] {
            _ = try client.exchange("\(request) HTTP/1.1\r\nHost: a\r\nX-Request-Id: me\r\n\r\n", method: method)
        }
        _ = try client.exchange("what is this\r\n\r\n")
        let all = lines.wait(for: 7)
        #expect(all.map(\.path) == ["/hello", "/hello", "/later", "/stream", "/large", "/nothing", ""])
        #expect(all.map(\.status) == [200, 200, 200, 200, 200, 404, 400])
        #expect(all.map(\.bytes)[..<5] == [5, 0, 5, 9, 30 << 20])
        #expect(all.map(\.method) == [.get, .head, .get, .get, .get, .get, nil])
        #expect(all.allSatisfy { $0.isComplete })
        #expect(all[..<6].allSatisfy { $0.id == "me" })
    }

    @Test func theRouteIsToldWithTheAnswer() throws {
        let lines = Lines()
        var router = Router()
        router.on(.get, "/things") { _, responder in responder.send(.ok, "all") }
        router.on(.put, "/things/{name}") { _, responder in responder.send(.ok, "put") }
        router.on(.get, "/closed") { _, responder in responder.send(.ok, "never") }
        let server = try RunningServer(router) {
            $0.accessObserver = { lines.note($0) }
            $0.gate = { request, _ in request.path == "/closed" ? .refuse(.forbidden, detail: "closed") : .pass() }
        }
        let client = try server.connect()
        for request in ["PUT /things/a%20b?x=1", "HEAD /things", "DELETE /things", "GET /nowhere", "GET /closed", "OPTIONS /things"] {
            _ = try client.exchange("\(request) HTTP/1.1\r\nHost: a\r\n\r\n", method: request.hasPrefix("HEAD") ? "HEAD" : "GET")
        }
        let all = lines.wait(for: 6)
        #expect(all.map(\.routeIndex) == [1, 0, nil, nil, 2, nil])
        #expect(all.map(\.pattern) == ["/things/{name}", "/things", nil, nil, "/closed", nil])
        #expect(all.map(\.status) == [200, 200, 405, 404, 403, 204])
    }

    @Test func pipelinedAnswersAreToldInOrder() throws {
        let lines = Lines()
        let server = try start(lines)
        let client = try server.connect()
        let paths = ["/later", "/hello", "/stream", "/hello", "/later"]
        client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        for _ in paths { _ = try client.response() }
        #expect(lines.wait(for: 5).map(\.path) == paths)
    }

    @Test func aClientThatGoesIsTold() throws {
        let lines = Lines()
        let server = try start(lines)
        let half = try server.connect()
        half.shrinkReceiveBuffer()
        half.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        half.readOnce(within: 120)
        half.reset()
        let impatient = try server.connect()
        impatient.send("POST /never HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(RunningServer.eventually { server.server.statistics.requests == 2 })
        impatient.reset()
        let all = lines.wait(for: 2)
        #expect(all.count == 2)
        #expect(all.allSatisfy { !$0.isComplete })
        #expect(Set(all.map(\.status)) == [200, nil])
    }
}
