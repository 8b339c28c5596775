import Testing

@testable import HTTPServer

@Suite struct RequestParserTests {
    private static let limits = RequestLimits()

    private func parse(_ text: String, _ head: RequestHead, limits: RequestLimits = limits) -> RequestParser.Result {
        parse(Array(text.utf8), head, limits: limits)
    }

    private func parse(_ octets: [UInt8], _ head: RequestHead, limits: RequestLimits = limits) -> RequestParser.Result {
        var parser = RequestParser()
        return octets.withUnsafeBytes { parser.parse($0, limits: limits, into: head) }
    }

    /// The content of a head, copied out of the octets that it points into.
    private struct Facts: Equatable {
        var method: Method?
        var path: String
        var query: String
        var framing: RequestHead.Framing
        var keepsAlive: Bool
        var isOldVersion: Bool
        var expectsContinue: Bool
        var fields: [String]
    }

    private func facts(_ text: String) -> Facts? {
        let head = RequestHead()
        var parser = RequestParser()
        let octets = Array(text.utf8)
        return octets.withUnsafeBytes { octets in
            guard case .complete = parser.parse(octets, limits: Self.limits, into: head) else { return nil }
            return facts(head)
        }
    }

    private func facts(_ head: RequestHead) -> Facts {
        func text(_ span: RequestHead.Span) -> String { String(decoding: head.bytes(span), as: UTF8.self) }
        return Facts(
            method: head.method, path: text(head.path), query: text(head.query), framing: head.framing, keepsAlive: head.keepsAlive,
            isOldVersion: head.isOldVersion, expectsContinue: head.expectsContinue,
            fields: (0..<head.fieldCount).map { "\(text(head.field($0).name))=\(text(head.field($0).value))" })
    }

    @Test func everyPartOfARequestIsFound() {
        let found = facts(
            "POST /v1/models/m%2F1/learn?a=b&c HTTP/1.1\r\nHost: x:80\r\nContent-Length:  12 \r\nExpect: 100-Continue\r\nX:\r\n\r\nrest")
        #expect(
            found
                == Facts(
                    method: .post, path: "/v1/models/m%2F1/learn", query: "a=b&c", framing: .length(12), keepsAlive: true,
                    isOldVersion: false, expectsContinue: true, fields: ["Host=x:80", "Content-Length=12", "Expect=100-Continue", "X="]))
    }

    @Test func emptyLinesBeforeARequestAreSkippedAndCounted() {
        let head = RequestHead()
        let text = "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(parse(text, head) == .complete(text.utf8.count))
        #expect(head.count == text.utf8.count - 4)
        #expect(parse(String(repeating: "\r\n", count: 5) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n", head) == .failed(.malformedRequestLine))
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true), ("GET / HTTP/1.0\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x , CLOSE\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nconnection: close\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true), ("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true),
    ]) func persistenceFollowsVersionAndConnection(text: String, keepsAlive: Bool) {
        #expect(facts(text)?.keepsAlive == keepsAlive)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", ParseFailure.bareLineFeed), ("\nGET / HTTP/1.1\r\n", .bareLineFeed),
        ("BAD\r\n", .malformedRequestLine), ("GET /\r\n", .malformedRequestLine), (" GET / HTTP/1.1\r\n", .malformedMethod),
        ("G@T / HTTP/1.1\r\n", .malformedMethod), ("GET\t/ HTTP/1.1\r\n", .malformedMethod), ("GET  / HTTP/1.1\r\n", .malformedRequestLine),
        ("GET / HTTP/1.10\r\n", .malformedVersion), ("GET / http/1.1\r\n", .malformedVersion), ("GET / HTTP/1.1 \r\n", .malformedVersion),
        ("GET / HTTP/2.0\r\n", .versionNotSupported), ("GET /a b HTTP/1.1\r\n", .malformedVersion),
        ("GET * HTTP/1.1\r\n", .malformedTarget), ("GET a HTTP/1.1\r\n", .malformedTarget), ("GET /#f HTTP/1.1\r\n", .malformedTarget),
        ("GET /%zz HTTP/1.1\r\n", .malformedTarget), ("GET /%4 HTTP/1.1\r\n", .malformedTarget),
        ("GET /?%4 HTTP/1.1\r\n", .malformedTarget),
        ("GET http:///x HTTP/1.1\r\n", .malformedTarget), ("GET http://u@h/ HTTP/1.1\r\n", .malformedTarget),
        ("GET ftp://h/ HTTP/1.1\r\n", .malformedTarget), ("GET /\u{7f} HTTP/1.1\r\n", .malformedTarget),
        ("GET / HTTP/1.1\r\n\r\n", .hostMissing), ("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", .hostRepeated),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", .malformedHost), ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .malformedHost),
        ("GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", .malformedHost), ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .malformedHost),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", .malformedField), ("GET / HTTP/1.1\r\n: a\r\n\r\n", .malformedField),
        ("GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n", .malformedField), ("GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", .malformedField),
        ("GET / HTTP/1.1\r\nX: a\0\r\n\r\n", .malformedField), ("GET / HTTP/1.1\r\nX\r\n\r\n", .malformedField),
    ]) func malformedHeadsAreRefused(text: String, failure: ParseFailure) {
        #expect(parse(text, RequestHead()) == .failed(failure))
    }

    @Test(
        arguments: [
            ("Content-Length: 5", RequestHead.Framing.length(5), nil), ("Content-Length: 0", .none, nil),
            ("Content-Length: 007", .length(7), nil),
            ("Content-Length: 9223372036854775807", .length(.max), nil), ("Content-Length: 9223372036854775808", .none, .lengthTooLarge),
            ("Content-Length: 99999999999999999999999999", .none, .lengthTooLarge), ("Content-Length: +5", .none, .malformedLength),
            ("Content-Length: -0", .none, .malformedLength), ("Content-Length: ", .none, .malformedLength),
            ("Content-Length: 5, 5", .none, .malformedLength), ("Content-Length: 99999999999999999999x", .none, .malformedLength),
            ("Content-Length: 5\r\nContent-Length: 5", .none, .repeatedLength), ("Transfer-Encoding: chunked", .chunked, nil),
            ("Transfer-Encoding: \t Chunked \t", .chunked, nil), ("Transfer-Encoding: gzip, chunked", .none, .unknownCoding),
            ("Transfer-Encoding: chunked, gzip", .none, .malformedCoding), ("Transfer-Encoding: chunked, chunked", .none, .malformedCoding),
            ("Transfer-Encoding: ", .none, .malformedCoding), ("Transfer-Encoding: chunked;q=1", .none, .malformedCoding),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .none, .malformedCoding),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5", .none, .lengthAndCoding),
        ] as [(String, RequestHead.Framing, ParseFailure?)]) func framingIsStrict(
            fields: String, framing: RequestHead.Framing, failure: ParseFailure?
        )
    {
        let head = RequestHead()
        let result = parse("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n", head)
        if let failure {
            #expect(result == .failed(failure))
        } else {
            #expect(head.framing == framing)
        }
    }

    @Test func transferEncodingInHTTP10IsRefused() {
        #expect(parse("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", RequestHead()) == .failed(.codingInOldVersion))
    }

    /// A head in two pieces, split anywhere, is parsed as if it had arrived at once, and never before it is complete.
    @Test(arguments: [
        "POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n", "\r\nGET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
    ]) func everySplitGivesTheSameRequest(text: String) {
        let octets = Array(text.utf8)
        let whole = facts(text)
        #expect(whole != nil)
        for cut in 0...octets.count {
            let head = RequestHead()
            var parser = RequestParser()
            let first = Array(octets[..<cut])
            let early = first.withUnsafeBytes { parser.parse($0, limits: Self.limits, into: head) }
            #expect(early == (cut == octets.count ? .complete(octets.count) : .incomplete), "cut at \(cut)")
            guard cut < octets.count else { continue }
            // Another connection's head in between must do no harm.
            _ = parse("GET /other HTTP/1.1\r\nHost: other\r\n\r\n", head)
            octets.withUnsafeBytes { octets in
                #expect(parser.parse(octets, limits: Self.limits, into: head) == .complete(octets.count), "cut at \(cut)")
                #expect(facts(head) == whole, "cut at \(cut)")
            }
        }
    }

    /// A refused head is refused in the same way octet by octet.
    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", "GET / HTTP/3.0\r\n", "GET / HTTP/1.1\r\nHost: a\n", "GET /%00%zz HTTP/1.1\r\n",
    ]) func refusalsDoNotDependOnThePieces(text: String) {
        let octets = Array(text.utf8)
        let whole = parse(octets, RequestHead())
        let head = RequestHead()
        var parser = RequestParser()
        var last = RequestParser.Result.incomplete
        for count in 1...octets.count where last == .incomplete {
            last = octets[..<count].withUnsafeBytes { parser.parse($0, limits: Self.limits, into: head) }
        }
        #expect(last == whole)
    }

    @Test func partsOverTheirLimitAreRefusedBeforeTheirEnd() {
        let limits = RequestLimits(requestLine: 300, header: 400)
        let long = String(repeating: "a", count: 400)
        let head = RequestHead()
        #expect(parse("GET /\(long)", head, limits: limits) == .failed(.targetTooLong))
        #expect(parse("GET /\(long) HTTP/1.1\r\n", head, limits: limits) == .failed(.targetTooLong))
        #expect(parse(long, head, limits: limits) == .failed(.methodTooLong))
        #expect(parse("GET / HTTP/1.1\r\nX: \(long)", head, limits: limits) == .failed(.headerTooLarge))
        #expect(parse("GET / HTTP/1.1\r\nHost: a\r\nX: \(long)\r\n\r\n", head, limits: limits) == .failed(.headerTooLarge))
        let many = String(repeating: "X: v\r\n", count: RequestHead.maximumFields + 1)
        #expect(parse("GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n", head) == .failed(.tooManyFields))
    }

    @Test func fieldsAreFoundInEitherCase() {
        let head = RequestHead()
        let octets = Array("GET / HTTP/1.1\r\nHOST: a\r\nx-A: 1\r\nX-a: 2\r\n\r\n".utf8)
        octets.withUnsafeBytes { octets in
            var parser = RequestParser()
            _ = parser.parse(octets, limits: Self.limits, into: head)
            #expect(head.firstField("host")?.value.equals("a") == true)
            #expect(head.firstField("X-A")?.index == 1)
            #expect(head.firstField("X-A", from: 2)?.value.equals("2") == true)
            #expect(head.firstField("absent") == nil)
        }
    }

    /// Random damage never traps, and accepted heads are complete.
    @Test func damagedHeadsNeverTrap() {
        var random = SplitMix(state: 1)
        let seeds = [
            "POST /a/b%20c?d=e HTTP/1.1\r\nHost: x:80\r\nContent-Length: 3\r\nConnection: close\r\n\r\n",
            "GET http://[::1]:80/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
        ].map { Array($0.utf8) }
        let spice: [UInt8] = [0, 9, 10, 13, 32, 37, 44, 58, 59, 91, 93, 127, 128, 255]
        for _ in 0..<4000 {
            var octets = seeds[Int(random.next() % UInt64(seeds.count))]
            for _ in 0...(random.next() % 4) {
                let at = Int(random.next() % UInt64(octets.count))
                switch random.next() % 3 {
                case 0: octets[at] = spice[Int(random.next() % UInt64(spice.count))]
                case 1: octets.insert(spice[Int(random.next() % UInt64(spice.count))], at: at)
                default: octets.remove(at: at)
                }
            }
            let head = RequestHead()
            var parser = RequestParser()
            let cut = Int(random.next() % UInt64(octets.count + 1))
            var result = octets[..<cut].withUnsafeBytes { parser.parse($0, limits: Self.limits, into: head) }
            if result == .incomplete { result = octets.withUnsafeBytes { parser.parse($0, limits: Self.limits, into: head) } }
            if case .complete(let count) = result {
                #expect(octets[..<count].suffix(4) == [13, 10, 13, 10])
            }
        }
    }
}

/// A small generator, so that random tests are reproducible.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
