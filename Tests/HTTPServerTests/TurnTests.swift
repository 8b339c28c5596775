import Concurrency
import Foundation
import Testing

@testable import HTTPServer

/// Requests that arrive in one turn of an event loop and are answered at its end.
@Suite struct TurnTests {
    /// What waits for the end of a turn, and what the ends of turns saw.
    ///
    /// `@unchecked Sendable`: only the one event loop uses what waits.
    private final class Turns: @unchecked Sendable {
        var waiting: [(name: String, responder: TurnResponder)] = []
        /// The names that each call of `turnEnd` found.
        private let found = Guarded<[[String]]>([])
        var allFound: [[String]] { found.withLock { $0 } }
        let holding = DispatchSemaphore(value: 0)
        let held = DispatchSemaphore(value: 0)

        func note(_ names: [String]) { found.withLock { $0.append(names) } }
    }

    /// How the end of a turn answers one request.
    private typealias Ending = @Sendable (String, TurnResponder) -> Void

    private struct Setup {
        let turns: Turns
        let running: RunningServer
        let holder: TestClient

        /// Connections that the server has accepted.
        func clients(_ count: Int) throws -> [TestClient] {
            try (0..<count).map { _ in
                let client = try running.connect()
                _ = try client.exchange(TurnTests.request("now"))
                return client
            }
        }

        /// Lets everything that `body` sends arrive in one turn.
        func inOneTurn(_ body: () -> Void) throws {
            holder.send(TurnTests.request("hold"))
            turns.held.wait()
            body()
            turns.holding.signal()
            #expect(try holder.response().text == "held")
        }
    }

    private static func request(_ name: String, _ method: String = "GET") -> String { "\(method) /\(name) HTTP/1.1\r\nHost: a\r\n\r\n" }

    private static func setUp(_ ending: @escaping Ending) throws -> Setup {
        let turns = Turns()
        var router = Router()
        router.on(.get, "/now") { _, responder in responder.send(.ok, "now") }
        router.on(.get, "/hold") { _, responder in
            turns.held.signal()
            turns.holding.wait()
            responder.send(.ok, "held")
        }
        let join: Handler = { request, responder in
            guard request.mayJoinTurn else { return responder.send(.ok, "alone") }
            turns.waiting.append((request.parameter(0) ?? "", responder.untilTurnEnds()))
        }
        router.on(.get, "/join/{name}", join)
        router.on(.post, "/join/{name}", join)
        let running = try RunningServer(router) { configuration in
            configuration.eventLoops = 1
            configuration.turnEnd = { _ in
                guard !turns.waiting.isEmpty else { return false }
                let requests = turns.waiting
                turns.waiting = []
                turns.note(requests.map(\.name))
                for request in requests { ending(request.name, request.responder) }
                return true
            }
        }
        let holder = try running.connect()
        _ = try holder.exchange(request("now"))
        return Setup(turns: turns, running: running, holder: holder)
    }

    private static let echo: Ending = { name, responder in
        Array(name.utf8).withUnsafeBytes { responder.send(.ok, contentType: "text/plain", body: $0) }
    }

    @Test func requestsThatArriveTogether_areAnsweredTogether() throws {
        let setup = try Self.setUp(Self.echo)
        let clients = try setup.clients(5)
        try setup.inOneTurn { for (index, client) in clients.enumerated() { client.send(Self.request("join/\(index)", "POST")) } }
        for (index, client) in clients.enumerated() { #expect(try client.response(to: "POST").text == "\(index)") }
        #expect(setup.turns.allFound.map { $0.sorted() } == [["0", "1", "2", "3", "4"]])
    }

    @Test func aRequestThatComesAlone_isAnsweredAtOnce() throws {
        let setup = try Self.setUp(Self.echo)
        let client = try setup.clients(1)[0]
        for _ in 0..<3 { #expect(try client.exchange(Self.request("join/x")).text == "alone") }
        #expect(setup.turns.allFound.isEmpty)
    }

    @Test func answersKeepTheOrderOfTheirConnection() throws {
        // The last one is answered first.
        let setup = try Self.setUp { name, responder in
            if name == "late" { responder.deferred().send(.text("late")) } else { Self.echo(name, responder) }
        }
        let clients = try setup.clients(2)
        try setup.inOneTurn {
            clients[0].send(Self.request("join/late") + Self.request("now") + Self.request("join/b") + Self.request("now"))
            clients[1].send(Self.request("join/c"))
        }
        #expect(try (0..<4).map { _ in try clients[0].response().text } == ["late", "now", "b", "now"])
        #expect(try clients[1].response().text == "c")
    }

    @Test func requestsThatChangeThings_waitForThoseBeforeThem() throws {
        let setup = try Self.setUp(Self.echo)
        let clients = try setup.clients(2)
        try setup.inOneTurn {
            clients[0].send((0..<4).map { Self.request("join/\($0)", "POST") }.joined())
            clients[1].send(Self.request("join/other", "POST"))
        }
        // The first joins the turn; the others are handled when its answer is sent, and do not join.
        #expect(try (0..<4).map { _ in try clients[0].response(to: "POST").text } == ["0", "alone", "alone", "alone"])
        #expect(try clients[1].response(to: "POST").text == "other")
        #expect(setup.turns.allFound.map { $0.sorted() } == [["0", "other"]])
    }

    @Test func aRequestWithoutAnAnswer_isAnswered500() throws {
        let setup = try Self.setUp { name, responder in if name != "lost" { Self.echo(name, responder) } }
        let clients = try setup.clients(3)
        try setup.inOneTurn {
            for (name, client) in zip(["a", "lost", "b"], clients) { client.send(Self.request("join/\(name)")) }
        }
        #expect(try clients.map { try $0.response().status } == [200, 500, 200])
        // The connection lives on.
        #expect(try clients[1].exchange(Self.request("now")).text == "now")
    }

    @Test func onlyTheFirstAnswerCounts_andNoneAfterTheTurn() throws {
        let turns = Turns()
        let setup = try Self.setUp { name, responder in
            Self.echo(name, responder)
            responder.send(.text("second"))
            for earlier in turns.waiting { earlier.responder.send(.text("after its turn")) }
            turns.waiting.append((name, responder))
        }
        let clients = try setup.clients(2)
        for round in ["a", "b", "c"] {
            try setup.inOneTurn { for client in clients { client.send(Self.request("join/\(round)")) } }
            for client in clients { #expect(try client.response().text == round) }
        }
    }

    @Test func largeAnswers_andClientsThatLeave() throws {
        let large = String(repeating: "x", count: 300_000)
        let setup = try Self.setUp { name, responder in
            if name == "large" { responder.send(.text(large)) } else { Self.echo(name, responder) }
        }
        let clients = try setup.clients(4)
        try setup.inOneTurn {
            clients[0].send(Self.request("join/large"))
            clients[1].send(Self.request("join/gone"))
            clients[1].reset()
            clients[2].send(Self.request("join/half"))
            clients[2].closeSending()
            clients[3].send(Self.request("join/b"))
        }
        #expect(try clients[0].response().text == large)
        #expect(try clients[2].response().text == "half")
        #expect(clients[2].readToEnd())
        #expect(try clients[3].response().text == "b")
        #expect(try setup.holder.exchange(Self.request("now")).text == "now")
    }
}
