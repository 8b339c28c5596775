import Concurrency
import Testing

@testable import HTTPServer

/// `Accept` by RFC 9110, sections 12.4.2 and 12.5.1.
@Suite struct AcceptTests {
    private static let text = MediaType("text", "plain", .init("version", "0.0.4"), .init("charset", "utf-8"))
    private static let openMetrics = MediaType("application", "openmetrics-text", .init("version", "1.0.0", "0.0.1"), .init("escaping"))

    /// The preferred type for lines of `Accept`.
    private func preferred(_ lines: [String], among types: [MediaType]) -> Int? {
        let head = RequestHead()
        let exchange = Exchange(
            head: head, segments: PathSegments(maximumPath: 64), loopIndex: 0, budget: MemoryBudget(limit: 0))
        let fields = lines.map { "Accept: \($0)\r\n" }.joined()
        let octets = Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".utf8)
        return octets.withUnsafeBytes { bytes in
            var parser = RequestParser()
            guard case .complete = parser.parse(bytes, limits: RequestLimits(requestLine: 64, header: 4096), into: head) else {
                Issue.record("no request: \(lines)")
                return nil
            }
            return Request(exchange).preferred(among: types)
        }
    }

    @Test(arguments: [
        // Nothing, and nothing that can be understood.
        ([], 0), ([""], 0), ([", ,"], 0), (["*"], 0), (["text"], 0), (["/plain"], 0), (["text/"], 0), (["*/plain"], 0),
        (["text/plain;q=2"], 0),
        (["*/*"], 0), (["*/*;q=0.001"], 0), (["text/plain"], 0), (["text/*"], 0),
        (["application/openmetrics-text"], 1), (["application/*"], 1), (["APPLICATION/OpenMetrics-Text"], 1),
        // A quality of zero excludes; otherwise the higher one wins.
        (["application/openmetrics-text;q=0, text/plain"], 0), (["application/openmetrics-text; q=0.000,*/*"], 0),
        (["text/plain;q=0, */*"], 1), (["text/plain;q=0.4,application/openmetrics-text;q=0.5"], 1),
        (["text/plain;q=0.5,application/openmetrics-text;q=0.4"], 0), (["application/openmetrics-text;Q=0.001,text/plain;q=0"], 1),
        (["application/openmetrics-text;q=0.5, */*"], 0), (["application/openmetrics-text, */*;q=0.9"], 1),
        // Among equals, the more specific one, then the first one.
        (["application/openmetrics-text, */*"], 1), (["*/*, application/openmetrics-text"], 1),
        (["application/openmetrics-text, text/plain"], 1), (["text/plain, application/openmetrics-text"], 0),
        (["text/plain", "application/openmetrics-text"], 0), (["application/*, text/*"], 1), (["text/*, application/*"], 0),
        // The most specific range determines the quality, wherever it stands.
        (["application/*;q=0, application/openmetrics-text, text/plain;q=0.5"], 1),
        (["application/openmetrics-text, application/*;q=0, text/plain;q=0.5"], 1),
        (["application/openmetrics-text;version=1.0.0;q=0, application/openmetrics-text, text/plain;q=0.1"], 0),
        // Parameters are matched, unless they were not requested; among equally specific ranges the best one counts.
        (["application/openmetrics-text;version=2.0.0, text/plain;q=0.1"], 0),
        (["application/openmetrics-text;version=0.0.1;q=0.2, application/openmetrics-text;version=1.0.0;q=0.6, text/plain;q=0.5"], 1),
        (["application/openmetrics-text;VERSION=\"1.0.\\0\", text/plain;q=0.5"], 1),
        (["text/plain;charset=UTF-8, application/openmetrics-text;q=0.9"], 0),
        (["text/plain;charset=latin1, application/openmetrics-text;q=0.9"], 1),
        (["*/*;version=1.0.0, application/openmetrics-text;q=0.1, text/plain;q=0.2"], 0),
        // Lists and blanks; malformed members are skipped, and so is what follows a weight.
        ([",, application/openmetrics-text ;\tq=1.000 ;ext=\"a,b\" ,"], 1),
        (["application/openmetrics-text;;version=1.0.0;,text/plain;q=0.9"], 1),
        (["text/plain;a=\"x, application/openmetrics-text, y\", application/openmetrics-text;q=0.1"], 1),
        (["text/plain;a=\"x, application/openmetrics-text"], 0),
        (["application/openmetrics-text;q=1.0000, text/plain;q=0.1"], 0), (["application/openmetrics-text;q=1.001, text/plain;q=0.1"], 0),
        (["application/openmetrics-text;q=.5, text/plain;q=0.1"], 0), (["application/openmetrics-text;q=\"1\", text/plain;q=0.1"], 0),
        (["application/openmetrics-text;q = 1, text/plain;q=0.1"], 0), (["application/openmetrics-text;q, text/plain;q=0.1"], 0),
        (["application/openmetrics-text version=1.0.0, text/plain;q=0.1"], 0),
        (["application/openmetrics-text;q=1.;x, text/plain;q=0.1"], 1),
        // From Prometheus 2 and 3, curl and a browser.
        (
            [
                """
                application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                text/plain;version=0.0.4;q=0.5,*/*;q=0.1
                """
            ], 1
        ),
        (
            [
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
                    + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
            ], 1
        ), (["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], 0),
    ])
    func preferredType(_ lines: [String], _ expected: Int) {
        #expect(preferred(lines, among: [Self.text, Self.openMetrics]) == expected)
    }

    @Test(arguments: ["application/json", "text/plain;q=0, application/openmetrics-text;q=0", "*/*;q=0", "text/plain;version=9"])
    func nothingIsAccepted(_ line: String) {
        #expect(preferred([line], among: [Self.text, Self.openMetrics]) == nil)
        #expect(preferred([], among: []) == nil)
    }

    /// The example of section 12.5.1.
    @Test func exampleOfTheStandard() {
        let line = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5"
        let types = [
            MediaType("text", "html"), MediaType("text", "plain", .init("format", "fixed")), MediaType("image", "jpeg"),
            MediaType("text", "plain"), MediaType("text", "plain", .init("format", "flowed")),
        ]
        // In ascending order of quality: the last of the first `count` is preferred.
        for count in 1...types.count { #expect(preferred([line], among: Array(types[..<count])) == count - 1) }
    }
}
