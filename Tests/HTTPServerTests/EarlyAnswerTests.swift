import Testing

@testable import HTTPServer

/// Answers that come before the content of their request.
@Suite struct EarlyAnswerTests {
    private static let size = 16 << 20

    private static func router() -> Router {
        var router = Router()
        router.stream(.post, "/large") { _, responder in
            responder.send(Response(.ok, contentType: "text/plain", bytes: [UInt8](repeating: 120, count: size)))
            return nil
        }
        return router
    }

    @Test func contentThatFailsWhileItsAnswerIsSentEndsTheConnection() throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        client.shrinkReceiveBuffer()
        client.send("POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(client.readOnce(within: 120))
        client.send("this is no chunk\r\n")
        #expect(try client.response().body.count == Self.size)
        // The idle time of these servers is an hour.
        #expect(client.readToEnd())
        #expect(!client.wasReset)
    }

    @Test func contentThatIsWholeWhileItsAnswerIsSentKeepsTheConnection() throws {
        let running = try RunningServer(Self.router())
        let client = try running.connect()
        client.shrinkReceiveBuffer()
        for _ in 0..<2 {
            client.send("POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            #expect(client.readOnce(within: 120))
            client.send("3\r\nabc\r\n0\r\n\r\n")
            #expect(try client.response().body.count == Self.size)
        }
        #expect(!client.isClosed)
    }
}
