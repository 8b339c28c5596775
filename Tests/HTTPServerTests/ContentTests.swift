import Concurrency
import Foundation
import Synchronization
import Testing

@testable import HTTPServer

/// Request content: buffered, chunked, streamed, refused.
@Suite struct ContentTests {
    private static func router(_ configure: (inout Router) -> Void = { _ in }) -> Router {
        var router = Router()
        router.on(.get, "/hello") { _, responder in responder.send(.ok, "hello") }
        router.on(.post, "/echo") { request, responder in
            responder.send(Response(.ok, contentType: "application/octet-stream", bytes: request.withBody { Array($0) }))
        }
        router.on(.post, "/small", maximumBodySize: 4) { _, responder in responder.send(.ok, "small") }
        configure(&router)
        return router
    }

    private static let get = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

    private static func post(_ path: String, _ fields: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n"
    }

    private static func random(_ count: Int) -> [UInt8] {
        var generator = SplitMix(state: 3)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    @Test(arguments: [0, 1, 1000, 16_384, 16_385, 70_000, 1_000_000]) func contentArrivesUnchanged(count: Int) throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        let content = Self.random(count)
        for _ in 0..<2 {
            client.send(Array(Self.post("/echo", "Content-Length: \(count)").utf8) + content)
            #expect(try client.response().body == content)
        }
        for size in [7000, 1 << 20] {
            client.send(Self.post("/echo", "Transfer-Encoding: chunked"))
            for start in stride(from: 0, to: count, by: size) {
                let piece = content[start..<min(count, start + size)]
                client.send(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10])
            }
            client.send("0\r\n\r\n")
            #expect(try client.response().body == content)
        }
        #expect(RunningServer.eventually { running.server.statistics.bodyMemory == 0 })
    }

    @Test func contentInPiecesAnywhereIsTheSame() throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        let text =
            Self.post("/echo", "Content-Length: 5") + "hello" + Self.post("/echo", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n"
        let octets = Array(text.utf8)
        for cut in stride(from: 1, to: octets.count, by: 7) {
            client.send(Array(octets[..<cut]))
            usleep(500)
            client.send(Array(octets[cut...]))
            #expect(try client.response().text == "hello")
            #expect(try client.response().text == "hello")
        }
    }

    @Test func contentOverTheLimitOfItsRouteIsRefused() throws {
        let running = try RunningServer(Self.router())
        // Little is left to come: it is read and dropped, and the connection continues.
        let client = try running.connect()
        #expect(try client.exchange(Self.post("/small", "Content-Length: 5") + "hello").status == 413)
        #expect(try client.exchange(Self.post("/small", "Content-Length: 4") + "hell").status == 200)
        // Much is left: the connection ends; the answer says so and is not lost.
        client.send(Self.post("/small", "Content-Length: 100000000"))
        client.send([UInt8](repeating: 0, count: 2_000_000), patience: 2)
        let response = try client.response()
        #expect(response.status == 413)
        #expect(response["connection"] == "close")
    }

    @Test func whatFollowsTheContentDoesNotDestroyTheAnswer() throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        client.send(Array(Self.post("/echo", "Content-Length: 3000\r\nConnection: close").utf8) + [UInt8](repeating: 1, count: 1000))
        // From now on content is read directly into its place, and not past its end.
        try #require(RunningServer.eventually { running.server.statistics.bodyMemory > 0 })
        client.send([UInt8](repeating: 1, count: 2000 + 1000))
        #expect(try client.response().body.count == 3000)
        #expect(client.readToEnd())
        #expect(!client.wasReset)
    }

    @Test func memoryForContentIsLimitedOverAllConnections() throws {
        let running = try RunningServer(Self.router()) { $0.maximumTotalBodyMemory = 100_000 }
        let first = try running.connect()
        first.send(Self.post("/echo", "Content-Length: 90000"))
        first.send([UInt8](repeating: 1, count: 89_999))
        #expect(RunningServer.eventually { running.server.statistics.bodyMemory == 90_000 })
        let second = try running.connect()
        let response = try second.exchange(Self.post("/echo", "Content-Length: 20000") + "x")
        #expect(response.status == 503)
        #expect(response["retry-after"] == "1")
        first.send([1])
        #expect(try first.response().body.count == 90_000)
        #expect(RunningServer.eventually { running.server.statistics.bodyMemory == 0 })
    }

    @Test func aTakenBodyOutlivesItsRequest() throws {
        let kept = Guarded<[Body]>([])
        let router = Self.router { router in
            router.on(.post, "/keep") { request, responder in
                let body = request.takeBody()
                #expect(body === request.takeBody())
                kept.withLock { $0.append(body) }
                responder.send(.ok, "kept")
            }
        }
        let running = try RunningServer(router)
        let client = try running.connect()
        let contents = [10, 200_000].map(Self.random)
        for content in contents {
            client.send(Array(Self.post("/keep", "Content-Length: \(content.count)").utf8) + content)
            #expect(try client.response().status == 200)
        }
        #expect(try client.exchange(Self.get).status == 200)
        #expect(running.server.statistics.bodyMemory >= 200_010)
        #expect(kept.withLock { $0.map { body in body.withUnsafeBytes { Array($0) } } } == contents)
        kept.withLock { $0 = [] }
        #expect(running.server.statistics.bodyMemory == 0)
    }

    // MARK: Streaming

    /// Collects content, pausing after every piece, and answers with its length at the end.
    private final class Collector: BodyConsumer {
        struct State {
            var octets: [UInt8] = []
            var responder: DeferredResponder?
            var finished = 0
            var aborted = 0
        }

        let state = Guarded(State())
        let pauses: Bool

        init(_ responder: DeferredResponder, pauses: Bool) {
            self.pauses = pauses
            state.withLock { $0.responder = responder }
        }

        func receive(_ bytes: UnsafeRawBufferPointer, flow: BodyFlow) -> BodyDemand {
            state.withLock { $0.octets.append(contentsOf: bytes) }
            guard pauses else { return .more }
            DispatchQueue.global().async { flow.resume() }
            return .pause
        }

        func finish() {
            let (responder, count) = state.withLock { state in
                state.finished += 1
                return (state.responder, state.octets.count)
            }
            responder?.send(.text("\(count)"))
            state.withLock { $0.responder = nil }
        }

        func abort() {
            state.withLock { state in
                state.aborted += 1
                state.responder = nil
            }
        }
    }

    private static func streaming(_ collectors: SharedList<Collector>, pauses: Bool, limit: Int? = .max) -> Router {
        router { router in
            router.stream(.post, "/stream", maximumBodySize: limit) { request, responder in
                #expect(request.bodyCount == 0)
                let collector = Collector(responder.deferred(), pauses: pauses)
                collectors.append(collector)
                return collector
            }
        }
    }

    @Test(arguments: [false, true]) func aConsumerGetsAllContentInOrder(pauses: Bool) throws {
        let collectors = SharedList<Collector>()
        let running = try RunningServer(Self.streaming(collectors, pauses: pauses)) { $0.maximumBodySize = 10 }
        let client = try running.connect()
        let content = Self.random(500_000)
        client.send(Array(Self.post("/stream", "Content-Length: \(content.count)").utf8) + content)
        #expect(try client.response().text == "500000")
        client.send(Self.post("/stream", "Transfer-Encoding: chunked") + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" + Self.get)
        #expect(try client.response().text == "5")
        #expect(try client.response().text == "hello")
        client.send(Self.post("/stream", "Content-Length: 0"))
        #expect(try client.response().text == "0")
        let states = collectors.values.map { $0.state.withLock { ($0.octets, $0.finished, $0.aborted) } }
        #expect(states.map(\.0) == [content, Array("abcde".utf8), []])
        #expect(states.allSatisfy { $0.1 == 1 && $0.2 == 0 })
    }

    @Test func aPausedConsumerHoldsUpTheClient() throws {
        let flows = SharedList<FlowBox>()
        final class Stopper: BodyConsumer {
            let flows: SharedList<FlowBox>
            let received = Atomic<Int>(0)
            let responder: DeferredResponder
            init(_ flows: SharedList<FlowBox>, _ responder: DeferredResponder) {
                self.flows = flows
                self.responder = responder
            }
            func receive(_ bytes: UnsafeRawBufferPointer, flow: BodyFlow) -> BodyDemand {
                let total = received.add(bytes.count, ordering: .relaxed).newValue
                guard flows.values.isEmpty else { return .more }
                flows.append(FlowBox(flow: flow, countAtPause: total))
                return .pause
            }
            func finish() { responder.send(.text("\(received.load(ordering: .relaxed))")) }
            func abort() {}
        }
        let stoppers = SharedList<Stopper>()
        let router = Self.router { router in
            router.stream(.post, "/stream", maximumBodySize: .max) { _, responder in
                let stopper = Stopper(flows, responder.deferred())
                stoppers.append(stopper)
                return stopper
            }
        }
        // The deadline for content is shorter than the pause: waiting for the application must not count.
        let running = try RunningServer(router) { $0.bodyDeadline = 2 }
        let client = try running.connect()
        // The head and all content at once: the deadline runs between them.
        client.send(Array(Self.post("/stream", "Content-Length: 100000").utf8) + [UInt8](repeating: 1, count: 100_000))
        try #require(RunningServer.eventually { !flows.values.isEmpty && !stoppers.values.isEmpty })
        usleep(2_500_000)
        #expect(stoppers.values[0].received.load(ordering: .relaxed) == flows.values[0].countAtPause)
        #expect(client.reader.finals.isEmpty)
        flows.values[0].flow.resume()
        #expect(try client.response().text == "100000")
    }

    private struct FlowBox: Sendable {
        let flow: BodyFlow
        let countAtPause: Int
    }

    @Test func aConsumerHearsOfFaultsOnce() throws {
        let collectors = SharedList<Collector>()
        let running = try RunningServer(Self.streaming(collectors, pauses: false, limit: 1000))
        let faults: [(String, Int?)] = [("5\r\nhelloXX", 400), ("3e9\r\n", 413), ("5\r\nhel", nil)]
        for (text, status) in faults {
            let client = try running.connect()
            client.send(Self.post("/stream", "Transfer-Encoding: chunked") + text)
            if let status {
                #expect(try client.response().status == status)
                #expect(client.readToEnd())
            } else {
                #expect(RunningServer.eventually { collectors.values.count == 3 })
                client.reset()
            }
        }
        #expect(RunningServer.eventually { collectors.values.allSatisfy { $0.state.withLock { $0.aborted } == 1 } })
        #expect(collectors.values.count == 3)
        #expect(collectors.values.allSatisfy { $0.state.withLock { $0.finished } == 0 })
    }

    @Test func anEarlyAnswerEndsTheCallsOfTheConsumer() throws {
        let collectors = SharedList<Collector>()
        let router = Self.router { router in
            router.stream(.post, "/early") { _, responder in
                let deferred = responder.deferred()
                let collector = Collector(deferred, pauses: false)
                collectors.append(collector)
                deferred.send(Response.problem(.conflict, detail: "no"))
                return collector
            }
            router.stream(.post, "/uninterested") { _, responder in
                responder.send(Response.problem(.unauthorized, detail: "no"))
                return nil
            }
        }
        let running = try RunningServer(router)
        for path in ["/early", "/uninterested"] {
            let client = try running.connect()
            let status = path == "/early" ? 409 : 401
            // The rest is small: the connection continues after it.
            #expect(try client.exchange(Self.post(path, "Content-Length: 10") + "01234").status == status)
            client.send("56789" + Self.get)
            #expect(try client.response().text == "hello")
            // A client that waits for 100 may never send it: the connection ends.
            let response = try client.exchange(Self.post(path, "Content-Length: 10\r\nExpect: 100-continue"))
            if path == "/uninterested" { #expect(response["connection"] == "close") }
            #expect(response.status == status)
        }
        #expect(collectors.values.allSatisfy { $0.state.withLock { $0.finished + $0.aborted } == 0 })
    }

    @Test func continueIsSaidOnlyWhenTheContentWillBeRead() throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        client.send(Self.post("/echo", "Content-Length: 5\r\nExpect: 100-continue"))
        #expect(
            RunningServer.eventually {
                client.readOnce(within: 0.05)
                return !client.reader.interims.isEmpty
            })
        client.send("hello")
        #expect(try client.response().text == "hello")
        #expect(try client.exchange(Self.post("/echo", "Content-Length: 5\r\nExpect: 100-continue") + "hello").text == "hello")
        #expect(client.reader.interims.count == 1)
        #expect(try client.exchange(Self.post("/small", "Content-Length: 5\r\nExpect: 100-continue")).status == 413)
        #expect(client.reader.interims.count == 1)
        #expect(client.readToEnd())
    }
}

/// A list shared by handlers and the test.
final class SharedList<Element: Sendable>: Sendable {
    private let list = Guarded<[Element]>([])
    var values: [Element] { list.withLock { $0 } }
    func append(_ element: Element) { list.withLock { $0.append(element) } }
    func removeAll() { list.withLock { $0 = [] } }
}
