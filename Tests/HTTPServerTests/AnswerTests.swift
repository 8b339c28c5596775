import Foundation
import Synchronization
import Testing

@testable import HTTPServer

/// Late answers, in another order, from files and in streams.
@Suite struct AnswerTests {
    /// Keeps deferred responders for the test to use.
    private static func router(_ list: SharedList<DeferredResponder>) -> Router {
        var router = Router()
        router.on(.get, "/later") { _, responder in list.append(responder.deferred()) }
        router.on(.post, "/later") { _, responder in list.append(responder.deferred()) }
        router.on(.get, "/now") { _, responder in responder.send(.ok, "now") }
        return router
    }

    private static let later = "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let now = "GET /now HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func answersInAnyOrderAreSentInOrder() throws {
        let list = SharedList<DeferredResponder>()
        let running = try RunningServer(Self.router(list))
        let client = try running.connect()
        client.send(Self.later + Self.now + Self.later + Self.later)
        try #require(RunningServer.eventually { list.values.count == 3 })
        for index in [2, 0, 1] {
            let responder = list.values[index]
            Thread { responder.send(.text("late \(index)")) }.start()
            usleep(2000)
        }
        #expect(try (0..<4).map { _ in try client.response().text } == ["late 0", "now", "late 1", "late 2"])
    }

    @Test func aRequestThatChangesThingsWaitsForThoseBeforeIt() throws {
        let list = SharedList<DeferredResponder>()
        let running = try RunningServer(Self.router(list))
        let client = try running.connect()
        client.send(Self.later + "POST /later HTTP/1.1\r\nHost: a\r\n\r\n" + Self.now)
        try #require(RunningServer.eventually { list.values.count == 1 })
        usleep(50_000)
        #expect(list.values.count == 1)
        list.values[0].send(.text("first"))
        #expect(try client.response().text == "first")
        try #require(RunningServer.eventually { list.values.count == 2 })
        list.values[1].send(.text("second"))
        #expect(try client.response().text == "second")
        #expect(try client.response().text == "now")
    }

    @Test func manyThreadsAnswerManyConnections() throws {
        var router = Router()
        router.on(.get, "/{n}") { request, responder in
            let name = request.parameter(0) ?? ""
            let deferred = responder.deferred()
            DispatchQueue.global().async { deferred.send(.text(name)) }
        }
        let running = try RunningServer(router)
        let clients = try (0..<20).map { _ in try running.connect() }
        for round in 0..<20 {
            for (index, client) in clients.enumerated() { client.send("GET /\(index)-\(round) HTTP/1.1\r\nHost: a\r\n\r\n") }
            for (index, client) in clients.enumerated() { #expect(try client.response().text == "\(index)-\(round)") }
        }
    }

    @Test func onlyTheFirstAnswerCountsAndGoneClientsDoNoHarm() throws {
        let list = SharedList<DeferredResponder>()
        let running = try RunningServer(Self.router(list))
        let client = try running.connect()
        client.send(Self.later)
        try #require(RunningServer.eventually { list.values.count == 1 })
        #expect(list.values[0].isConnected)
        list.values[0].send(.text("one"))
        list.values[0].send(.text("two"))
        #expect(try client.exchange(Self.now).text == "one")
        #expect(try client.response().text == "now")
        client.send(Self.later)
        try #require(RunningServer.eventually { list.values.count == 2 })
        client.reset()
        #expect(RunningServer.eventually { !list.values[1].isConnected })
        list.values[1].send(.text("nobody"))
        #expect(try running.connect().exchange(Self.now).text == "now")
    }

    @Test func aRequestBeingAnsweredIsNeverTimedOut() throws {
        let list = SharedList<DeferredResponder>()
        let running = try RunningServer(Self.router(list)) {
            // The head's deadline runs from the accept: slow sending counts too.
            $0.headerDeadline = 2
            $0.bodyDeadline = 2
            $0.idleTimeout = 2
            $0.writeTimeout = 2
        }
        let client = try running.connect()
        client.send("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        try #require(RunningServer.eventually { list.values.count == 1 })
        usleep(2_500_000)
        list.values[0].send(.text("at last"))
        #expect(try client.response().text == "at last")
    }

    // MARK: Files

    private static func temporaryFile(_ octets: [UInt8]) throws -> URL {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("accrue-http-\(UUID().uuidString)")
        try Data(octets).write(to: url)
        return url
    }

    @Test func filesAreSentWhole() throws {
        let octets = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let url = try Self.temporaryFile(octets)
        defer { try? FileManager.default.removeItem(at: url) }
        var router = Router()
        router.on(.get, "/file") { _, responder in
            guard let file = try? FileBody(path: url.path) else { return }
            responder.send(Response(.ok, contentType: "application/octet-stream", body: .file(file)))
        }
        router.on(.get, "/part") { _, responder in
            responder.send(Response(.ok, body: .file(FileBody(descriptor: open(url.path, O_RDONLY), offset: 1000, length: 10))))
        }
        let running = try RunningServer(router)
        let client = try TestClient(port: running.port, methods: ["GET", "GET", "HEAD", "GET"])
        client.shrinkReceiveBuffer()
        let get = "GET /file HTTP/1.1\r\nHost: a\r\n\r\n"
        client.send(get + "GET /part HTTP/1.1\r\nHost: a\r\n\r\nHEAD /file HTTP/1.1\r\nHost: a\r\n\r\n" + get)
        #expect(try client.response().body == octets)
        #expect(try client.response().body == Array(octets[1000..<1010]))
        #expect(try client.response(to: "HEAD")["content-length"] == "5000000")
        #expect(try client.response().body == octets)
        #expect(throws: (any Error).self) { try FileBody(path: "/") }
    }

    @Test func aFileThatIsTooShortBreaksTheConnection() throws {
        let url = try Self.temporaryFile([1, 2, 3])
        defer { try? FileManager.default.removeItem(at: url) }
        var router = Router()
        router.on(.get, "/") { _, responder in
            responder.send(Response(.ok, body: .file(FileBody(descriptor: open(url.path, O_RDONLY), length: 10))))
        }
        let running = try RunningServer(router)
        let client = try running.connect()
        #expect(throws: TestClient.Failure.self) { try client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        #expect(client.isClosed)
    }

    // MARK: Streams

    private static func streaming(_ list: SharedList<StreamBody>, onWritable: (@Sendable () -> Void)? = nil) -> Router {
        var router = Router()
        router.on(.get, "/events") { _, responder in
            let stream = StreamBody(limit: 1000, onWritable: onWritable)
            list.append(stream)
            responder.send(Response(.ok, contentType: "text/event-stream", body: .stream(stream)))
        }
        return router
    }

    private static let events = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func streamsAreSentInChunksAsTheyCome() throws {
        let list = SharedList<StreamBody>()
        let running = try RunningServer(Self.streaming(list))
        let client = try running.connect()
        client.send(Self.events)
        try #require(RunningServer.eventually { list.values.count == 1 })
        for index in 0..<50 {
            #expect(list.values[0].write(Array("event \(index)\n".utf8)) == .accepted)
            usleep(500)
        }
        list.values[0].finish()
        #expect(list.values[0].write([1]) == .closed)
        let response = try client.response()
        #expect(response.framing == .chunked)
        #expect(response.text == (0..<50).map { "event \($0)\n" }.joined())
        client.send(Self.events)
        try #require(RunningServer.eventually { list.values.count == 2 })
        list.values[1].finish()
        #expect(try client.response().body.isEmpty)
    }

    @Test func aSlowClientFillsTheStreamAndIsHeardOf() throws {
        let list = SharedList<StreamBody>()
        let writable = Atomic<Int>(0)
        let counter = Counter(writable)
        let running = try RunningServer(Self.streaming(list, onWritable: { counter.increment() }))
        let client = try running.connect()
        client.shrinkReceiveBuffer()
        client.send(Self.events)
        try #require(RunningServer.eventually { list.values.count == 1 })
        let piece = [UInt8](repeating: 65, count: 1000)
        var sent = 0
        #expect(
            RunningServer.eventually {
                for _ in 0..<100 {
                    guard list.values[0].write(piece) == .accepted else { break }
                    sent += 1
                }
                return list.values[0].write(piece) == .full && sent > 100
            })
        #expect(
            RunningServer.eventually {
                client.readOnce(within: 0)
                return counter.value > 0
            })
        client.reset()
        #expect(RunningServer.eventually { list.values[0].write(piece) == .closed })
    }

    private final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        init(_: borrowing Atomic<Int>) {}
        var value: Int { count.load(ordering: .relaxed) }
        func increment() { count.add(1, ordering: .relaxed) }
    }

    @Test func anUnfinishedStreamBreaksTheConnection() throws {
        var router = Router()
        router.on(.get, "/") { _, responder in
            let stream = StreamBody()
            _ = stream.write([65])
            responder.send(Response(.ok, body: .stream(stream)))
        }
        let running = try RunningServer(router)
        let client = try running.connect()
        #expect(throws: TestClient.Failure.self) { try client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
    }

    @Test func anOldClientGetsAStreamUpToTheEnd() throws {
        let list = SharedList<StreamBody>()
        let running = try RunningServer(Self.streaming(list))
        let client = try running.connect()
        client.send("GET /events HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        try #require(RunningServer.eventually { list.values.count == 1 })
        _ = list.values[0].write(Array("abc".utf8))
        list.values[0].finish()
        let response = try client.response()
        #expect(response.framing == .close)
        #expect(response["connection"] == "close")
        #expect(response.text == "abc")
    }

    @Test func nothingFollowsTheStreamOfAnOldClient() throws {
        let list = SharedList<DeferredResponder>()
        let running = try RunningServer(Self.router(list))
        let client = try running.connect()
        let line = "HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
        client.send("GET /later \(line)GET /now \(line)GET /later \(line)")
        try #require(RunningServer.eventually { list.values.count == 2 })
        let stream = StreamBody()
        list.values[1].send(.text("never seen"))
        list.values[0].send(Response(.ok, contentType: "text/plain", body: .stream(stream)))
        _ = stream.write(Array("abc".utf8))
        stream.finish()
        let response = try client.response()
        #expect(response.framing == .close)
        #expect(response["connection"] == "close")
        #expect(response.text == "abc")
        #expect(RunningServer.eventually { running.server.statistics.requestsInFlight == 0 })
    }

    @Test func aLengthAloneAnswersHead() throws {
        var router = Router()
        router.on(.get, "/") { request, responder in
            responder.send(Response(.ok, contentType: "text/plain", body: request.method == .head ? .unsent(1 << 40) : .unsent(0)))
        }
        router.on(.get, "/wrong") { _, responder in responder.send(Response(.ok, body: .unsent(1))) }
        let running = try RunningServer(router)
        let client = try running.connect()
        let head = try client.exchange("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", method: "HEAD")
        #expect(head["content-length"] == "\(1 << 40)")
        #expect(try client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").body.isEmpty)
        #expect(throws: TestClient.Failure.self) { try client.exchange("GET /wrong HTTP/1.1\r\nHost: a\r\n\r\n") }
    }

    @Test func aFilesOwnerLivesAsLongAsTheFile() throws {
        final class Owner: Sendable {}
        var owner: Owner? = Owner()
        weak let seen = owner
        var body: FileBody? = FileBody(descriptor: open("/dev/null", O_RDONLY), length: 0, owner: owner)
        owner = nil
        #expect(seen != nil && body != nil)
        body = nil
        #expect(seen == nil)
    }
}
