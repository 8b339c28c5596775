import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService

/// Tokens, origins, hosts and the access log, over sockets.
@Suite struct AccessTests {
    private static let reading = "r-0123456789abcdefghij"
    private static let writing = "w-0123456789abcdefghij="

    /// A file removed with the test.
    private final class Scratch {
        let path: String

        init(_ text: String = "") throws {
            path = FileManager.default.temporaryDirectory.appendingPathComponent("access-\(UUID().uuidString)").path
            try write(text)
        }

        deinit { unlink(path) }

        func write(_ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            chmod(path, 0o600)
        }

        var lines: [JSONValue] {
            let data = FileManager.default.contents(atPath: path) ?? Data()
            return String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap { try? JSONValue(parsing: String($0)) }
        }
    }

    private static let tokens = "# ours\n\nread \(reading)\r\n  write\t\(writing)\n"

    private func service(_ configure: (inout AccessConfiguration) -> Void) throws -> TestService {
        try TestService { configure(&$0.access) }
    }

    /// Sends a request with these fields.
    private func send(_ service: TestService, _ line: String, _ fields: [String], body: String = "", host: String = "a") throws -> Reply {
        let client = service.client()
        var text = "\(line) HTTP/1.1\r\nHost: \(host)\r\n"
        for field in fields { text += field + "\r\n" }
        if !body.isEmpty { text += "Content-Length: \(body.utf8.count)\r\n" }
        try client.write(Array((text + "\r\n" + body).utf8))
        return try client.readReply(isToHead: line.hasPrefix("HEAD"))
    }

    private func bearer(_ token: String) -> String { "Authorization: Bearer \(token)" }

    @Test func tokensOpenWhatTheyAreFor() throws {
        let file = try Scratch(Self.tokens)
        let service = try service { $0.tokenFile = file.path }
        let create = (line: "PUT /v1/models/m", body: #"{"dimension":2}"#)
        let learn = (line: "POST /v1/models/m/learn", body: #"{"features":[[1,0],[0,1]],"labels":["a","b"]}"#)
        let predict = (line: "POST /v1/models/m/predict", body: #"{"features":[[1,0]]}"#)
        for (line, body) in [create, learn, predict, ("GET /v1/models", ""), ("GET /nothing", ""), ("DELETE /v1/models/m", "")] {
            #expect(try send(service, line, [], body: body).status == 401)
        }
        #expect(try send(service, create.line, [bearer(Self.reading)], body: create.body).status == 403)
        #expect(try send(service, create.line, [bearer(Self.writing)], body: create.body).status == 201)
        #expect(try send(service, learn.line, ["authorization: BEARER   \(Self.writing)"], body: learn.body).status == 200)
        for token in [Self.reading, Self.writing] {
            #expect(try send(service, predict.line, [bearer(token)], body: predict.body).status == 200)
            #expect(try send(service, "GET /v1/models/m/snapshot", [bearer(token)]).status == 200)
            #expect(try send(service, "HEAD /v1/models/m", [bearer(token)]).status == 200)
        }
        for line in ["POST /v1/models/m/unlearn", "PATCH /v1/models/m", "PUT /v1/models/m/snapshot", "DELETE /v1/models/m"] {
            #expect(try send(service, line, [bearer(Self.reading)], body: learn.body).status == 403)
        }
        for line in ["GET /healthz", "GET /readyz", "HEAD /healthz"] { #expect(try send(service, line, []).status == 200) }
    }

    @Test(arguments: [
        "Bearer", "Bearer ", "Bearer  ", "Basic \(writing)", "Bearer\(writing)", "Bearer \(writing)x", "Bearer x\(writing)",
        "Bearer \(writing.dropLast())", "Bearer \(writing.uppercased())", "Bearer \(writing) \(writing)", "Bearer \(reading)\(reading)",
        "Bearer \(String(repeating: "a", count: 4000))", "\(writing)",
    ])
    func wrongCredentialsAreRefused(value: String) throws {
        let file = try Scratch(Self.tokens)
        let service = try service { $0.tokenFile = file.path }
        let reply = try send(service, "GET /v1/models", ["Authorization: \(value)"])
        #expect(reply.status == 401)
        #expect(reply.fields["www-authenticate"] == #"Bearer realm="accrue", error="invalid_token""#)
        #expect(!reply.text.contains(Self.writing))
        #expect(try send(service, "GET /v1/models", [bearer(Self.reading), bearer(Self.reading)]).status == 401)
        #expect(try send(service, "GET /v1/models", []).fields["www-authenticate"] == #"Bearer realm="accrue""#)
    }

    @Test func everyOctetOfATokenCounts() {
        var set = TokenSet()
        let added = [(Self.writing, true), (Self.reading, false), (Self.reading, true)].map { set.insert(Array($0.utf8), isWriting: $1) }
        #expect(added == [true, true, false])
        func grant(_ octets: [UInt8]) -> TokenSet.Grant { octets.withUnsafeBytes { set.grant($0) } }
        #expect(grant(Array(Self.writing.utf8)) == .writing)
        #expect(grant(Array(Self.reading.utf8)) == .reading)
        for index in 0..<Self.writing.utf8.count {
            for bit in 0..<8 {
                var octets = Array(Self.writing.utf8)
                octets[index] ^= 1 << UInt8(bit)
                #expect(grant(octets) == .nothing)
            }
        }
        for count in 0..<200 where count != Self.writing.utf8.count {
            let octets = (0..<count).map { Array(Self.writing.utf8)[$0 % Self.writing.utf8.count] }
            #expect(grant(octets) == .nothing)
        }
    }

    @Test func tokensAreReadAgain() throws {
        let file = try Scratch(Self.tokens)
        let service = try service { $0.tokenFile = file.path }
        #expect(try send(service, "GET /v1/models", [bearer(Self.reading)]).status == 200)
        try file.write("read another-token-of-some-length\n")
        #expect(try send(service, "GET /v1/models", [bearer(Self.reading)]).status == 200)
        service.service.reload()
        #expect(try send(service, "GET /v1/models", [bearer(Self.reading)]).status == 401)
        #expect(try send(service, "GET /v1/models", [bearer("another-token-of-some-length")]).status == 200)
        // An unusable file changes nothing.
        for text in ["", "nonsense\n", "read a b\n"] {
            try file.write(text)
            service.service.reload()
            #expect(try send(service, "GET /v1/models", [bearer("another-token-of-some-length")]).status == 200)
        }
    }

    @Test(arguments: [
        ("", "no token"), ("# nothing\n", "no token"), ("read\n", "line 1"), ("\nadmin abc\n", "line 2"), ("read a,b\n", "line 1"),
        ("read abc\nwrite abc\n", "line 2"), ("read =\n", "line 1"), ("read \(String(repeating: "a", count: 513))\n", "line 1"),
    ])
    func unusableTokenFilesAreRefused(text: String, word: String) throws {
        let file = try Scratch(text)
        let error = #expect(throws: AccessError.self) { try TokenFile.read(file.path) }
        #expect(error?.description.contains(word) == true)
        #expect(throws: AccessError.self) { try self.service { $0.tokenFile = file.path + "-not" } }
    }

    @Test func looseTokenFilesAreWarnedAbout() throws {
        let file = try Scratch("read short\n")
        #expect(try TokenFile.read(file.path).warnings.count == 1)
        chmod(file.path, 0o644)
        let warnings = try TokenFile.read(file.path).warnings
        #expect(warnings.count == 2)
        #expect(warnings[0].contains("644"))
        #expect(!warnings.contains { $0.contains("short ") })
    }

    @Test(arguments: [
        ("http://a", "a", 200), ("https://a", "a", 200), ("http://A", "a", 200), ("http://a:8080", "a:8080", 200),
        ("http://a:8080", "a", 403),
        ("http://evil.example", "a", 403), ("null", "a", 403), ("a", "a", 403), ("http://a.evil.example", "a", 403), ("file://a", "a", 403),
        ("http://", "a", 403), ("https://models.example.com", "a", 200), ("https://models.example.com:444", "a", 403),
        ("http://models.example.com", "a", 403),
    ])
    func pagesOfOtherOriginsAreRefused(origin: String, host: String, status: Int) throws {
        let service = try service { $0.allowedOrigins = ["https://Models.example.com"] }
        let reply = try send(service, "GET /healthz", ["Origin: \(origin)"], host: host)
        #expect(reply.status == status)
        let isAllowed = origin == "https://models.example.com"
        #expect(reply.fields["access-control-allow-origin"] == (isAllowed ? origin : nil))
        if status == 200 { #expect(reply.fields["vary"] == "Origin") }
        // A refused page changes nothing.
        let create = try send(service, "PUT /v1/models/m", ["Origin: \(origin)"], body: #"{"dimension":2}"#, host: host)
        #expect(create.status == (status == 200 ? 201 : 403))
        #expect(service.modelNames == (status == 200 ? ["m"] : []))
    }

    @Test func preflightsAreAnsweredWithoutAToken() throws {
        let file = try Scratch(Self.tokens)
        let service = try service {
            $0.tokenFile = file.path
            $0.allowedOrigins = ["https://a.example"]
        }
        let asks = ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization"]
        let reply = try send(service, "OPTIONS /v1/models/m/predict", ["Origin: https://a.example"] + asks)
        #expect(reply.status == 204)
        #expect(reply.fields["access-control-allow-origin"] == "https://a.example")
        for field in ["Authorization", "If-None-Match", "Last-Event-ID"] {
            #expect(reply.fields["access-control-allow-headers"]?.contains(field) == true)
        }
        #expect(reply.fields["access-control-allow-methods"]?.contains("POST") == true)
        let other = try send(service, "OPTIONS /v1/models/m/predict", ["Origin: https://b.example"] + asks)
        #expect(other.status == 403)
        #expect(other.fields["access-control-allow-origin"] == nil)
        // The page may read why it is refused.
        let refused = try send(service, "GET /v1/models", ["Origin: https://a.example"])
        #expect(refused.status == 401)
        #expect(refused.fields["access-control-allow-origin"] == "https://a.example")
    }

    @Test func allOriginsMayBeAllowed() throws {
        let service = try service { $0.allowedOrigins = ["*"] }
        let reply = try send(service, "GET /healthz", ["Origin: null"])
        #expect(reply.status == 200)
        #expect(reply.fields["access-control-allow-origin"] == "*")
        #expect(throws: AccessError.self) { try self.service { $0.allowedOrigins = ["https://a.example/path"] } }
        #expect(throws: AccessError.self) { try self.service { $0.allowedOrigins = ["a.example"] } }
    }

    @Test(arguments: [
        ("localhost", 200), ("LOCALHOST:8080", 200), ("127.0.0.1", 200), ("[::1]:80", 200), ("[::1]", 200), ("inner", 200),
        ("evil.example", 421), ("localhost.evil.example", 421), ("127.0.0.2", 421), ("[::2]:80", 421),
    ])
    func onlyOurNamesAreServed(host: String, status: Int) throws {
        let service = try service { $0.allowedHosts = AccessConfiguration.loopbackHosts + ["Inner"] }
        #expect(try send(service, "GET /healthz", [], host: host).status == status)
    }

    @Test(arguments: [
        ("http://localhost:1/healthz", "evil.example", 200), ("http://evil.example/healthz", "localhost", 421),
        ("http://LOCALHOST/healthz", "localhost", 200), ("http://[::1]:80/healthz", "evil.example", 200),
    ])
    func theHostOfAnAbsoluteTargetGoesFirst(target: String, host: String, status: Int) throws {
        let service = try service { $0.allowedHosts = AccessConfiguration.loopbackHosts }
        let reply = try send(service, "GET \(target)", [], host: host)
        #expect(reply.status == status)
        if status == 421 { #expect(reply.problemDetail.contains("evil.example")) }
        // A page of the request's own authority belongs to the server.
        let origin = try send(service, "GET \(target)", ["Origin: http://\(host)"], host: host)
        #expect(origin.status == (host == "evil.example" ? 403 : status))
    }

    @Test func aLogThatNobodyReadsHoldsNothingUp() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("access-\(UUID().uuidString)").path
        try #require(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        // Full, and its reader does not read.
        let pipe = open(path, O_RDWR | O_NONBLOCK)
        try #require(pipe >= 0)
        let octets = [UInt8](repeating: 10, count: 4096)
        while write(pipe, octets, octets.count) > 0 {}
        let service = try service { $0.logFile = path }
        #expect(try send(service, "GET /healthz", []).status == 200)
        let stopping = Thread { service.service.stop(within: 1) }
        stopping.start()
        #expect(service.wait { stopping.isFinished })
        // The log's thread ends with its last reader.
        close(pipe)
    }

    @Test func theLogTellsEveryRequest() throws {
        let file = try Scratch()
        let tokens = try Scratch(Self.tokens)
        do {
            let service = try service {
                $0.logFile = file.path
                $0.tokenFile = tokens.path
            }
            _ = try send(service, "GET /healthz?token=secret", ["X-Request-Id: mine"])
            _ = try send(service, "GET /v1/models", [bearer(Self.reading)])
            _ = try send(service, "GET /v1/models", [])
            service.service.stop(within: 1)
        }
        let lines = file.lines
        try #require(lines.count == 3)
        #expect(lines.map { $0["path"].string } == ["/healthz", "/v1/models", "/v1/models"])
        #expect(lines.map { $0["status"].int } == [200, 200, 401])
        #expect(lines[0]["id"].string == "mine")
        #expect(lines[0]["peer"].string == "127.0.0.1")
        #expect(lines[0]["method"].string == "GET")
        #expect(lines[0]["bytes"].int == 13)
        #expect(lines.allSatisfy { ($0["duration_us"].int ?? -1) >= 0 })
        let time = try #require(lines[0]["time"].string)
        #expect(time.utf8.count == 24 && time.hasSuffix("Z"))
        let text = String(decoding: FileManager.default.contents(atPath: file.path) ?? Data(), as: UTF8.self)
        #expect(!text.contains("secret") && !text.contains(Self.reading))
    }

    @Test func theLogIsOpenedAnew() throws {
        let file = try Scratch()
        let moved = file.path + "-moved"
        defer { unlink(moved) }
        let service = try service { $0.logFile = file.path }
        _ = try send(service, "GET /healthz", [])
        #expect(service.wait { file.lines.count == 1 })
        rename(file.path, moved)
        service.service.reload()
        #expect(service.wait { FileManager.default.fileExists(atPath: file.path) })
        _ = try send(service, "GET /readyz", [])
        #expect(service.wait { file.lines.count == 1 })
        #expect(file.lines[0]["path"].string == "/readyz")
    }
}
