import Concurrency
import Foundation
import Testing

@testable import HTTPServer

@Suite struct ServerTests {
    private static func router() -> Router {
        var router = Router()
        router.on(.get, "/hello") { _, responder in responder.send(.ok, "hello") }
        router.on(.post, "/echo") { request, responder in
            responder.send(Response(.ok, contentType: "application/octet-stream", bytes: request.withBody { Array($0) }))
        }
        router.on(.get, "/items/{a}/{b}") { request, responder in
            let parts = [request.parameter(0), request.parameter(1), request.query("q"), request.header("X-List")].map { $0 ?? "nil" }
            responder.send(.text(parts.joined(separator: "|") + "|" + request.queryNames.joined(separator: ",")))
        }
        router.on(.get, "/dropped") { _, _ in }
        router.on(.get, "/dropped-later") { _, responder in _ = responder.deferred() }
        router.on(.get, "/large") { _, responder in
            responder.send(Response(.ok, contentType: "text/plain", bytes: [UInt8](repeating: 120, count: 3_000_000)))
        }
        router.on(.delete, "/nothing") { _, responder in responder.send(Response(.noContent)) }
        return router
    }

    private static let get = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func aDroppedRequestHasTheErrorOfItsPath() throws {
        let running = try RunningServer(Self.router()) { $0.errorFormatter = { path, _, _ in ("text/plain", Array(path)) } }
        for path in ["/dropped", "/dropped-later"] {
            let response = try running.connect().exchange("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(response.status == 500)
            #expect(response.text == path)
        }
    }

    // MARK: Connections

    @Test func aConnectionServesRequestAfterRequest() throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        for _ in 0..<100 {
            let response = try client.exchange(Self.get)
            #expect(response.status == 200)
            #expect(response.text == "hello")
            #expect(response["content-type"] == "text/plain")
            #expect(response["server"] == "accrue")
            #expect(response["connection"] == nil)
        }
        #expect(running.server.statistics.requests == 100)
        #expect(running.server.statistics.acceptedConnections == 1)
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        client.send((0..<500).map { "GET /items/\($0)/x HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        for index in 0..<500 { #expect(try client.response().text.hasPrefix("\(index)|x|")) }
    }

    @Test func answersThatAreNotReadHoldUpTheRequestsAndLoseNothing() throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        client.shrinkReceiveBuffer()
        let count = 20_000
        client.send(Array(String(repeating: Self.get, count: count).utf8), whileReading: false)
        for _ in 0..<count { #expect(try client.response().status == 200) }
    }

    @Test func aHalfClosedConnectionIsAnsweredAndClosed() throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        client.send(Self.get + Self.get)
        client.closeSending()
        #expect(try client.response().status == 200)
        #expect(try client.response().status == 200)
        #expect(client.readToEnd())
        #expect(RunningServer.eventually { running.server.statistics.openConnections == 0 })
    }

    @Test func clientsThatResetLeaveNothingBehind() throws {
        let running = try RunningServer(Self.router())
        for text in [
            "", "GET /he", Self.get, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na",
        ] {
            let client = try running.connect()
            client.send(text)
            client.reset()
        }
        #expect(RunningServer.eventually { running.server.statistics.openConnections == 0 })
        #expect(running.server.statistics.bodyMemory == 0)
        #expect(try running.connect().exchange(Self.get).status == 200)
    }

    @Test func connectionsPastTheLimitWaitForOthersToClose() throws {
        let running = try RunningServer(Self.router()) { $0.maximumConnections = 2 }
        let first = try running.connect()
        let second = try running.connect()
        // Both are in use: half a request keeps them from being closed as idle.
        first.send("GET /hello HTTP/1.1\r\n")
        second.send("GET /hello HTTP/1.1\r\n")
        #expect(RunningServer.eventually { running.server.statistics.openConnections == 2 })
        let third = try running.connect()
        third.send(Self.get)
        #expect(!third.readOnce(within: 0.3))
        first.send("Host: a\r\nConnection: close\r\n\r\n")
        #expect(try first.response().status == 200)
        #expect(try third.response().status == 200)
    }

    @Test func idleConnectionsGiveWayAtTheLimit() throws {
        let running = try RunningServer(Self.router()) { $0.maximumConnections = 2 }
        let idle = try [running.connect(), running.connect()]
        for client in idle { #expect(try client.exchange(Self.get).status == 200) }
        let third = try running.connect()
        #expect(try third.exchange(Self.get).status == 200)
        #expect(
            RunningServer.eventually {
                for client in idle { client.readOnce(within: 0) }
                return idle.contains { $0.isClosed }
            })
    }

    @Test func aThousandIdleConnectionsAreHeld() throws {
        let running = try RunningServer(Self.router())
        let clients = try (0..<1000).map { _ in try running.connect() }
        for client in clients { client.send(Self.get) }
        for client in clients { #expect(try client.response().status == 200) }
        for client in clients.reversed() { #expect(try client.exchange(Self.get).status == 200) }
        // A client closes its connection when it is released.
        withExtendedLifetime(clients) { #expect(running.server.statistics.openConnections == 1000) }
    }

    @Test func anIdleConnectionIsClosedWithoutAWord() throws {
        let running = try RunningServer(Self.router()) { $0.idleTimeout = 2 }
        let client = try running.connect()
        #expect(try client.exchange(Self.get).status == 200)
        #expect(client.readToEnd())
        #expect(client.reader.finals.count == 1)
    }

    @Test func aHeadThatTricklesInIsCutOff() throws {
        let running = try RunningServer(Self.router()) { $0.headerDeadline = 2 }
        let client = try running.connect()
        client.send("GET /hello HTTP/1.1\r\n")
        #expect(
            RunningServer.eventually {
                client.send("X: y\r\n")
                client.readOnce(within: 0.05)
                return client.isClosed || !client.reader.finals.isEmpty
            })
        #expect(client.reader.finals.first?.status == 408)
    }

    @Test func aClientThatTakesNoAnswerIsCutOff() throws {
        let running = try RunningServer(Self.router()) { $0.writeTimeout = 2 }
        let client = try running.connect()
        client.shrinkReceiveBuffer()
        for _ in 0..<4 { client.send(Array("GET /large HTTP/1.1\r\nHost: a\r\n\r\n".utf8), whileReading: false) }
        #expect(RunningServer.eventually { running.server.statistics.requests > 0 })
        #expect(RunningServer.eventually { running.server.statistics.openConnections == 0 })
    }

    // MARK: Requests

    @Test func parametersQueryAndFieldsAreDecoded() throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        let response = try client.exchange(
            "GET /items/a%2Fb/%C3%A9?x=1&q=1%202+3&q=z&%71&&=v HTTP/1.1\r\nHost: a\r\nx-list: 1\r\nX-LIST: 2\r\n\r\n")
        #expect(response.text == "a/b|é|1 2+3|1, 2|x,q,q,q,")
        #expect(try client.exchange("GET /items/%ff/b HTTP/1.1\r\nHost: a\r\n\r\n").text == "nil|b|nil|nil|")
    }

    @Test func errorsOfTheServerAreProblemDetails() throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        let missing = try client.exchange("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(missing.status == 404)
        #expect(missing["content-type"] == "application/problem+json")
        #expect(missing.text.hasPrefix(#"{"type":"about:blank","title":"Not Found","status":404,"detail":"#))
        let method = try client.exchange("PUT /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(method.status == 405)
        #expect(method["allow"] == "GET, HEAD, OPTIONS")
        let options = try client.exchange("OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(options.status == 204)
        #expect(options["allow"] == "POST, OPTIONS")
        #expect(try client.exchange("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")["allow"] == "GET, HEAD, POST, DELETE, OPTIONS")
        #expect(try client.exchange("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n").status == 501)
    }

    @Test func theErrorFormatterSeesThePath() throws {
        let running = try RunningServer(Self.router()) {
            $0.errorFormatter = { path, status, detail in
                ("application/json", Array("\(String(decoding: path, as: UTF8.self)) \(status.code)".utf8))
            }
            $0.maximumBodySize = 10
        }
        let client = try running.connect()
        #expect(try client.exchange("GET /v2/x HTTP/1.1\r\nHost: a\r\n\r\n").text == "/v2/x 404")
        #expect(try client.exchange("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n01234567890").text == "/echo 413")
        let chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(try client.exchange(chunked + "b\r\n").text == "/echo 413")
        #expect(client.readToEnd())
    }

    @Test func headHasTheLengthOfGetAndNoContent() throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        for path in ["/hello", "/large", "/nowhere"] {
            let get = try client.exchange("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            let head = try client.exchange("HEAD \(path) HTTP/1.1\r\nHost: a\r\n\r\n", method: "HEAD")
            #expect(head.status == get.status)
            #expect(head["content-length"] == get["content-length"])
            #expect(head["content-length"] == "\(get.body.count)")
        }
    }

    @Test func noContentHasNoFraming() throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        let response = try client.exchange("DELETE /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(response.status == 204)
        #expect(response["content-length"] == nil)
        #expect(try client.exchange(Self.get).status == 200)
    }

    @Test func aDroppedResponderAnswers500() throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        #expect(try client.exchange("GET /dropped HTTP/1.1\r\nHost: a\r\n\r\n").status == 500)
        #expect(try client.exchange("GET /dropped-later HTTP/1.1\r\nHost: a\r\n\r\n").status == 500)
        #expect(try client.exchange(Self.get).status == 200)
    }

    @Test func identifiersAreUniqueOverAllLoops() throws {
        let seen = Guarded<[UInt64]>([])
        var router = Router()
        router.on(.get, "/") { request, responder in
            seen.withLock { $0.append(request.identifier) }
            #expect((0..<2).contains(request.loopIndex))
            responder.send(.ok, "")
        }
        let running = try RunningServer(router)
        for _ in 0..<8 {
            let client = try running.connect()
            for _ in 0..<10 { #expect(try client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 200) }
        }
        #expect(Set(seen.withLock { $0 }).count == 80)
    }

    @Test func mediaTypesAreComparedWithoutTheirParameters() throws {
        var router = Router()
        router.on(.post, "/") { request, responder in
            let facts = [
                request.hasContentType, request.mediaTypeIs("application/json"), request.headerIsEqual("x-a", "b"),
                request.headerIsRepeated("x-a"), request.withHeaderBytes("absent") { $0 == nil },
            ]
            responder.send(.text(facts.map { $0 ? "1" : "0" }.joined()))
        }
        let running = try RunningServer(router)
        let client = try running.connect()
        func ask(_ fields: String) throws -> String { try client.exchange("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n").text }
        #expect(try ask("") == "00001")
        #expect(try ask("Content-Type: Application/JSON ; charset=utf-8\r\nX-A: B\r\n") == "11101")
        #expect(try ask("Content-Type: application/jsonx\r\nX-A: b\r\nX-A: c\r\n") == "10111")
    }
}
