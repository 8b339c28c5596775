import Foundation
import Testing

@testable import HTTPServer

/// No request that the kernel has accepted fails because the server stops.
@Suite struct StoppingTests {
    private static let now = "GET /now HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let block = "GET /block HTTP/1.1\r\nHost: a\r\n\r\n"

    private static func router(blocking gate: DispatchSemaphore = DispatchSemaphore(value: 0)) -> Router {
        var router = Router()
        router.on(.get, "/now") { _, responder in responder.send(.ok, "now") }
        router.on(.get, "/block") { _, responder in
            gate.wait()
            responder.send(.ok, "block")
        }
        return router
    }

    /// Stops on a separate thread; the semaphore signals when that has returned.
    private static func stop(_ running: RunningServer) -> DispatchSemaphore {
        let server = running.server
        let stopped = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            server.stop(within: 600)
            stopped.signal()
        }
        return stopped
    }

    private static func hasStopped(_ stopped: DispatchSemaphore) -> Bool { stopped.wait(timeout: .now() + 600) == .success }

    @Test func connectionsInTheKernelsQueueAreServed() throws {
        let gate = DispatchSemaphore(value: 0)
        let running = try RunningServer(Self.router(blocking: gate)) {
            $0.eventLoops = 1
            $0.stopGrace = 60
        }
        let first = try running.connect()
        first.send(Self.block)
        try #require(RunningServer.eventually { running.server.statistics.requests == 1 })
        let clients = try (0..<300).map { _ in try running.connect() }
        for client in clients { client.send(Self.now) }
        let stopped = Self.stop(running)
        #expect(RunningServer.eventually { running.server.connectionLimit == nil })
        // The loop's message is posted right after that; if it were late, the test would only prove less.
        usleep(50_000)
        gate.signal()
        #expect(try first.response().text == "block")
        for client in clients { #expect(try client.response().text == "now") }
        for client in [first] + clients { client.reset() }
        #expect(Self.hasStopped(stopped))
    }

    @Test func whatHasNoPlaceInTheQueueFollowsAsOthersClose() throws {
        let gate = DispatchSemaphore(value: 0)
        let running = try RunningServer(Self.router(blocking: gate)) {
            $0.eventLoops = 1
            $0.maximumConnections = 8
        }
        let first = try running.connect()
        first.send(Self.block)
        try #require(RunningServer.eventually { running.server.statistics.requests == 1 })
        let clients = try (0..<40).map { _ in try running.connect() }
        for client in clients { client.send(Self.now) }
        let stopped = Self.stop(running)
        #expect(RunningServer.eventually { running.server.connectionLimit == nil })
        usleep(50_000)
        gate.signal()
        for client in clients { #expect(try client.response().text == "now") }
        #expect(Self.hasStopped(stopped))
    }

    @Test func steadyLoadSeesNoFailure() throws {
        let running = try RunningServer(Self.router()) { $0.stopGrace = 60 }
        let port = running.port
        let failures = SharedList<String>()
        let answers = SharedList<Int>()
        let done = DispatchGroup()
        for _ in 0..<8 {
            done.enter()
            Thread.detachNewThread {
                defer { done.leave() }
                do {
                    let client = try TestClient(port: port)
                    while try client.exchange(Self.now)["connection"] != "close" { answers.append(1) }
                } catch { failures.append("\(error)") }
            }
        }
        #expect(RunningServer.eventually { answers.values.count > 400 })
        let stopped = Self.stop(running)
        #expect(done.wait(timeout: .now() + 600) == .success)
        #expect(failures.values == [])
        #expect(Self.hasStopped(stopped))
    }

    @Test func anIdleConnectionMayAskOnceMore() throws {
        let running = try RunningServer(Self.router()) { $0.stopGrace = 600 }
        let client = try running.connect()
        #expect(try client.exchange(Self.now)["connection"] == nil)
        let stopped = Self.stop(running)
        #expect(RunningServer.eventually { (try? running.connect()) == nil })
        #expect(try client.exchange(Self.now)["connection"] == "close")
        #expect(client.readToEnd())
        #expect(!client.wasReset)
        #expect(Self.hasStopped(stopped))
    }

    @Test func anIdleConnectionIsClosedWhenItsTimeIsOver() throws {
        let running = try RunningServer(Self.router()) { $0.stopGrace = 0.05 }
        let client = try running.connect()
        #expect(try client.exchange(Self.now).status == 200)
        let stopped = Self.stop(running)
        #expect(client.readToEnd())
        #expect(!client.wasReset)
        #expect(Self.hasStopped(stopped))
    }

    @Test func aMailboxWithMessagesIsNotClosed() throws {
        let mailbox = try Mailbox()
        mailbox.post(.adopt(1, PeerAddress()))
        #expect(!mailbox.closeIfEmpty())
        var messages: [LoopMessage] = []
        mailbox.take(into: &messages)
        #expect(messages.count == 1)
        #expect(mailbox.closeIfEmpty())
        #expect(!mailbox.post(.adopt(2, PeerAddress())), "whoever comes later keeps the connection")
        #expect(mailbox.closeIfEmpty())
    }
}
