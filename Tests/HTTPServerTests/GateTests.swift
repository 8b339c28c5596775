import Foundation
import Testing

@testable import HTTPServer

/// Before the routes: the gate, the names of requests, and where they come from.
@Suite struct GateTests {
    private static let extra = FieldBlock([HeaderField("Vary", "Origin"), HeaderField("X-Line", "a\r\nb")])

    /// A server whose gate admits requests with the password.
    private func running(_ configure: (inout ServerConfiguration) -> Void = { _ in }) throws -> RunningServer {
        var router = Router()
        router.on(.get, "/open", access: .anyone) { _, responder in responder.send(.ok, "open") }
        router.on(.get, "/read") { request, responder in responder.send(.text(request.id.description)) }
        router.on(.post, "/write") { request, responder in responder.send(.text("\(request.bodyCount)")) }
        router.on(.post, "/ask", access: .reading) { _, responder in responder.send(.ok, "asked") }
        router.on(.get, "/page") { _, responder in
            responder.send(Response(.ok, contentType: "text/html; charset=utf-8", bytes: Array("<p>".utf8)))
        }
        router.on(.get, "/own-policy") { _, responder in
            let policy = HeaderField("Content-Security-Policy", "default-src 'self'")
            responder.send(Response(.ok, contentType: "text/html", headers: [policy], bytes: []))
        }
        router.on(.get, "/peer") { request, responder in responder.send(.text(request.peer.description)) }
        return try RunningServer(router) { configuration in
            configuration.gate = { request, access in
                if access == .anyone || request.headerIsEqual("x-word", "write") { return .pass(adding: Self.extra) }
                if access == .reading, request.headerIsEqual("x-word", "read") { return .pass() }
                if request.headerIsEqual("x-word", "answer") { return .answer(Response(.accepted), adding: Self.extra) }
                return .refuse(.unauthorized, detail: "say the word", headers: [HeaderField("WWW-Authenticate", "Word")])
            }
            configure(&configuration)
        }
    }

    @Test(arguments: [
        ("GET /open", "", 200), ("GET /read", "", 401), ("GET /read", "read", 200), ("GET /read", "write", 200), ("HEAD /read", "", 401),
        ("POST /write", "read", 401), ("POST /write", "write", 200), ("POST /ask", "read", 200), ("GET /nothing", "", 401),
        ("GET /nothing", "read", 404), ("DELETE /read", "", 401), ("DELETE /read", "read", 405), ("OPTIONS /read", "", 204),
        ("OPTIONS *", "", 204), ("GET /read", "answer", 202),
    ])
    func requestsPassTheGateFirst(line: String, word: String, status: Int) throws {
        let server = try running()
        let client = try server.connect()
        let method = String(line.prefix { $0 != " " })
        for _ in 0..<2 {
            let response = try client.exchange("\(line) HTTP/1.1\r\nHost: a\r\nX-Word: \(word)\r\n\r\n", method: method)
            #expect(response.status == status)
            #expect(response["www-authenticate"] == (status == 401 ? "Word" : nil))
        }
    }

    @Test func fieldsOfTheGateCannotBreakOut() throws {
        let server = try running()
        let response = try server.connect().exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(response["vary"] == "Origin")
        #expect(response["x-line"] == "a  b")
    }

    @Test func refusedContentIsNotCollected() throws {
        let server = try running()
        let client = try server.connect()
        let fields = "Host: a\r\nContent-Length: 60000000\r\nExpect: 100-continue\r\n\r\n"
        #expect(try client.exchange("POST /write HTTP/1.1\r\n\(fields)", method: "POST").status == 401)
        #expect(client.reader.interims.isEmpty)
        #expect(server.server.statistics.bodyMemory == 0)
        // The content of a refused head is dropped, and the connection continues.
        let small = try server.connect()
        #expect(try small.exchange("POST /write HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", method: "POST").status == 401)
        #expect(try small.exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
    }

    @Test func aShortNameIsEchoed() throws {
        let server = try running()
        let client = try server.connect()
        for name in ["a", "550e8400-e29b-41d4-a716-446655440000", String(repeating: "x", count: 64)] {
            let response = try client.exchange("GET /read HTTP/1.1\r\nHost: a\r\nX-Word: read\r\nX-Request-Id: \(name)\r\n\r\n")
            #expect(response["x-request-id"] == name)
            #expect(response.text == name)
        }
    }

    @Test(arguments: ["", String(repeating: "x", count: 65), "a b", "a\"b", "é", "a,b"]) func anotherNameIsMade(name: String) throws {
        let server = try running()
        let client = try server.connect()
        let request = "GET /read HTTP/1.1\r\nHost: a\r\nX-Word: read\r\nX-Request-Id: \(name)\r\n\r\n"
        var seen = Set<String>()
        for _ in 0..<50 {
            let response = try client.exchange(request)
            let made = try #require(response["x-request-id"])
            #expect(made.utf8.count == 16)
            #expect(response.text == made)
            seen.insert(made)
        }
        #expect(seen.count == 50)
    }

    @Test func everyKindOfAnswerIsNamed() throws {
        let server = try running()
        for request in ["BAD\r\n\r\n", "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n"] {
            let response = try server.connect().exchange(request)
            #expect(response["x-request-id"]?.utf8.count == 16)
        }
        let silent = try running { $0.namesRequests = false }
        let silentClient = try silent.connect()
        #expect(try silentClient.exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")["x-request-id"] == nil)
    }

    @Test func pagesGetTheirFields() throws {
        let server = try running()
        let client = try server.connect()
        let page = try client.exchange("GET /page HTTP/1.1\r\nHost: a\r\nX-Word: read\r\n\r\n")
        #expect(page["content-security-policy"]?.contains("default-src 'none'") == true)
        #expect(page["x-frame-options"] == "DENY")
        #expect(page["x-content-type-options"] == "nosniff")
        let own = try client.exchange("GET /own-policy HTTP/1.1\r\nHost: a\r\nX-Word: read\r\n\r\n")
        #expect(own["content-security-policy"] == "default-src 'self'")
        #expect(own["x-frame-options"] == "DENY")
        #expect(try client.exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")["x-frame-options"] == nil)
    }

    @Test func thePeerIsKnown() throws {
        let server = try running()
        let client = try server.connect()
        let text = try client.exchange("GET /peer HTTP/1.1\r\nHost: a\r\nX-Word: read\r\n\r\n").text
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutableBytes(of: &address) {
            _ = getsockname(client.descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
        }
        #expect(text == "127.0.0.1:\(UInt16(bigEndian: address.sin_port))")
    }

    @Test func addressesOfBothFamiliesAreText() {
        func storage(_ family: Int32, _ text: String, at offset: Int) -> sockaddr_storage {
            var storage = sockaddr_storage()
            storage.ss_family = sa_family_t(family)
            withUnsafeMutableBytes(of: &storage) { bytes in
                (bytes[2], bytes[3]) = (0x1f, 0x90)
                inet_pton(family, text, bytes.baseAddress! + offset)
            }
            return storage
        }
        #expect(PeerAddress(storage(AF_INET, "203.0.113.7", at: 4)).description == "203.0.113.7:8080")
        #expect(PeerAddress(storage(AF_INET6, "2001:db8::1", at: 8)).description == "[2001:db8::1]:8080")
        #expect(PeerAddress(storage(AF_INET6, "::ffff:203.0.113.7", at: 8)).description == "203.0.113.7:8080")
        #expect(PeerAddress().host == "")
    }

    @Test func theTargetsAuthorityReplacesHost() throws {
        var router = Router()
        router.on(.get, "/") { request, responder in
            responder.send(.text(request.withAuthorityBytes { $0.map { String(decoding: $0, as: UTF8.self) } ?? "none" }))
        }
        let running = try RunningServer(router)
        for (request, authority) in [
            ("GET / HTTP/1.1\r\nHost: a:1\r\n", "a:1"), ("GET http://b/ HTTP/1.1\r\nHost: a\r\n", "b"),
            ("GET HTTPS://B:80?q=/ HTTP/1.1\r\nHost: a\r\n", "B:80"), ("GET http://[::1]:8 HTTP/1.0\r\n", "[::1]:8"),
            ("GET / HTTP/1.0\r\n", "none"),
        ] {
            #expect(try running.connect().exchange(request + "\r\n").text == authority)
        }
    }
}
