import Testing

@testable import HTTPServer

/// The memory for answers on their way.
@Suite struct AnswerMemoryTests {
    private static let size = 16 << 20

    private static func router() -> Router {
        var router = Router()
        let large = [UInt8](repeating: 120, count: size)
        router.on(.get, "/large/{n}") { _, responder in responder.send(Response(.ok, contentType: "text/plain", bytes: large)) }
        router.on(.get, "/later") { _, responder in responder.deferred().send(Response(.ok, contentType: "text/plain", bytes: large)) }
        router.on(.post, "/large/{n}") { _, responder in responder.send(Response(.ok, contentType: "text/plain", bytes: large)) }
        let medium = [UInt8](repeating: 120, count: 8000)
        router.on(.get, "/medium") { _, responder in responder.send(Response(.ok, contentType: "text/plain", bytes: medium)) }
        router.on(.get, "/small") { _, responder in responder.send(.ok, "small") }
        return router
    }

    private static func request(_ line: String) -> String { "\(line) HTTP/1.1\r\nHost: a\r\n\r\n" }

    private func memory(_ running: RunningServer) -> Int { running.server.statistics.answerMemory }

    @Test func answersToWhatChangedNothingGiveWay() throws {
        let running = try RunningServer(Self.router()) {
            $0.maximumTotalAnswerMemory = Self.size + 100_000
            $0.errorFormatter = { path, _, detail in ("text/plain", Array(path) + Array(": \(detail)".utf8)) }
        }
        let slow = try running.connect()
        slow.shrinkReceiveBuffer()
        slow.send(Self.request("GET /large/1"))
        try #require(RunningServer.eventually { memory(running) >= Self.size })
        let client = try running.connect()
        for path in ["/large/2", "/later"] {
            let refused = try client.exchange(Self.request("GET \(path)"))
            #expect(refused.status == 503)
            #expect(refused["retry-after"] == "1")
            // The error has the route's form.
            #expect(refused.text.hasPrefix(path == "/later" ? "/later: " : "/large/{n}: "), "\(refused.text)")
        }
        #expect(try client.exchange(Self.request("GET /small")).text == "small")
        #expect(try client.exchange(Self.request("HEAD /large/1"), method: "HEAD")["content-length"] == "\(Self.size)")
        // Changes are answered.
        #expect(try client.exchange(Self.request("POST /large/1")).body.count == Self.size)
        #expect(try slow.response().body.count == Self.size)
        #expect(RunningServer.eventually { memory(running) == 0 })
        #expect(try client.exchange(Self.request("GET /large/2")).body.count == Self.size)
    }

    @Test func whatIsLargerThanAllIsSentAlone() throws {
        let running = try RunningServer(Self.router()) { $0.maximumTotalAnswerMemory = 1000 }
        let client = try running.connect()
        for path in ["/large/1", "/later"] { #expect(try client.exchange(Self.request("GET \(path)")).body.count == Self.size) }
        #expect(RunningServer.eventually { memory(running) == 0 })
    }

    @Test func memoryIsGivenBackHoweverAConnectionEnds() throws {
        let running = try RunningServer(Self.router())
        let clients = try (0..<4).map { _ in try running.connect() }
        for client in clients {
            client.shrinkReceiveBuffer()
            client.send(Self.request("GET /large/1") + Self.request("GET /later"))
        }
        #expect(RunningServer.eventually { memory(running) >= 4 * Self.size })
        for client in clients { client.reset() }
        #expect(RunningServer.eventually { memory(running) == 0 })
    }

    @Test(arguments: [1, 100 << 20]) func smallAnswersThatAreNotReadCount(limit: Int) throws {
        let running = try RunningServer(Self.router()) { $0.maximumTotalAnswerMemory = limit }
        let client = try running.connect()
        client.shrinkReceiveBuffer()
        let count = 20_000
        client.send(Array(String(repeating: Self.request("GET /small"), count: count).utf8), whileReading: false)
        for _ in 0..<count { #expect(try client.response().status == 200) }
        #expect(RunningServer.eventually { memory(running) == 0 })
    }

    @Test func whatIsNeverReadIsCountedUntilTheConnectionEnds() throws {
        let running = try RunningServer(Self.router())
        for _ in 0..<3 {
            let client = try running.connect()
            client.shrinkReceiveBuffer()
            client.send(Array(String(repeating: Self.request("GET /medium"), count: 2000).utf8), whileReading: false)
            #expect(RunningServer.eventually { memory(running) > 0 })
            client.reset()
            #expect(RunningServer.eventually { running.server.statistics.openConnections == 0 })
            #expect(memory(running) == 0)
        }
        #expect(try running.connect().exchange(Self.request("GET /small")).status == 200)
        #expect(memory(running) == 0)
    }
}
