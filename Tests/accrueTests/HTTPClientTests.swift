import Foundation
import Testing

@testable import CommandSupport
@testable import accrue

/// The client with answers of all kinds, and with none.
@Suite struct HTTPClientTests {
    private func client(_ server: ScriptedServer, idleTimeout: Double = 60) -> HTTPClient {
        var settings = HTTPClient.Settings()
        settings.idleTimeout = idleTimeout
        return HTTPClient(ServerURL(host: "127.0.0.1", port: server.port, prefix: "/base"), settings)
    }

    private func failure(_ body: () throws -> Void) -> HTTPFailure.Kind? {
        do { try body() } catch { return (error as? HTTPFailure)?.kind }
        return nil
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n003\r\nllo\r\n0\r\nX: y\r\n\r\n", "hello"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello", "hello"),
        ("HTTP/1.0 200 OK\r\n\r\nhello", "hello"), ("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", ""),
        ("HTTP/1.1 200\nContent-Length: 5\n\nhello", "hello"),
    ]) func bodiesOfAllFramings(_ answer: String, _ body: String) throws {
        let server = try ScriptedServer([.init(answers: [answer])])
        let response = try client(server).send("GET", "/path")
        #expect(response.text == body)
        #expect(server.requests[0].hasPrefix("GET /base/path HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"))
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", HTTPFailure.Kind.broken), ("HTTP/1.1 200 OK\r\n", .broken), ("", .broken),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", .broken),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello", .invalid),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n", .invalid),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .invalid), ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .invalid),
        ("SSH-2.0-OpenSSH_9.2\r\n", .invalid), ("HTTP/1.1 200 OK\r\nno field\r\n\r\n", .invalid), ("HTTP/1.1 9999 OK\r\n\r\n", .invalid),
    ]) func whatIsNoWholeAnswerIsAFailure(_ answer: String, _ kind: HTTPFailure.Kind) throws {
        let server = try ScriptedServer([.init(answers: [answer])])
        #expect(failure { _ = try client(server).send("GET", "/") } == kind)
    }

    @Test func aSilentServerIsGivenUp() throws {
        let server = try ScriptedServer([.init(answers: ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"], closes: false)])
        #expect(failure { _ = try client(server, idleTimeout: 0.05).send("GET", "/") } == .timedOut)
    }

    @Test func nobodyThereIsUnreachable() {
        #expect(failure { _ = try HTTPClient(host: "127.0.0.1", port: 1).send("GET", "/") } == .unreachable)
        #expect(failure { _ = try HTTPClient(host: "name.invalid", port: 1).send("GET", "/") } == .unreachable)
    }

    @Test func aConnectionIsKeptAndReplacedWhenItIsClosed() throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
        let server = try ScriptedServer([.init(answers: [answer + "a", answer + "b"]), .init(answers: [answer + "c"])])
        let client = client(server)
        #expect(try client.send("POST", "/").text == "a")
        #expect(try client.send("POST", "/").text == "b")
        // The server has closed the connection: a request that must not be sent twice uses a new one at once.
        while server.closedConnections == 0 { usleep(1000) }
        #expect(try client.send("POST", "/").text == "c")
        #expect(server.requests.count == 3)
    }

    @Test func aStreamGoesInChunks() throws {
        let server = try ScriptedServer([.init(answers: ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])])
        var pieces = ["hello", " world"]
        let body = RequestBody.stream { buffer in
            guard !pieces.isEmpty else { return 0 }
            let piece = Array(pieces.removeFirst().utf8)
            buffer.copyBytes(from: piece)
            return piece.count
        }
        _ = try client(server).exchange("PUT", "/", body: body)
        #expect(server.requests[0].hasSuffix("\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"))
        #expect(server.requests[0].contains("Transfer-Encoding: chunked\r\n"))
    }

    @Test func anAnswerThatComesBeforeTheBodyIsSentEndsIt() throws {
        let answer = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\ntoo"
        let server = try ScriptedServer([.init(answers: [answer], isHasty: true)])
        let response = try client(server).exchange("PUT", "/", body: .bytes([UInt8](repeating: 7, count: 64 << 20)))
        #expect(response.status == 413 && response.text == "too")
    }

    @Test func onlyAnswersOfSuccessGoToTheSink() throws {
        let refusal = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"
        let server = try ScriptedServer([.init(answers: [refusal, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"])])
        let client = client(server)
        var taken = ""
        for _ in 0..<2 { _ = try client.exchange("GET", "/", sink: { taken += String(decoding: $0, as: UTF8.self) }) }
        #expect(taken == "yes")
    }
}
