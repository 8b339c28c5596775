import Foundation
import HTTPServer
import Testing

@testable import ClassifierService

/// The dashboard's files over sockets; a browser looks at the page itself (Tests/Clients/test_dashboard.py).
@Suite struct DashboardTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources/ClassifierService/Dashboard/Page")

    private static let sources = (try? FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()) ?? []

    private func path(of file: String) -> String { file == "index.html" ? "/" : "/dashboard/\(file)" }

    @Test func everySourceIsServedAsItStandsAndNothingElse() throws {
        #expect(Self.sources.count > 15)
        #expect(Set(DashboardRoutes.files.map(\.name) + ["index.html"]) == Set(Self.sources))
        let service = try TestService()
        let client = service.client()
        let types = ["html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"]
        for file in Self.sources {
            let reply = try client.send("GET", path(of: file))
            #expect(reply.status == 200, "\(file)")
            #expect(try reply.body == Array(Data(contentsOf: Self.folder.appendingPathComponent(file))), "\(file)")
            let type = try #require(types[String(file.split(separator: ".").last!)])
            #expect(reply.fields["content-type"]?.hasPrefix(type) == true, "\(file)")
            #expect(reply.fields["x-content-type-options"] == "nosniff")
            let head = try client.send("HEAD", path(of: file))
            #expect(head.status == 200 && head.fields["content-length"] == "\(reply.body.count)")
        }
        for path in ["/dashboard/nothing.js", "/dashboard/index.html", "/dashboard/..%2Findex.html", "/dashboard/", "/dashboard"] {
            #expect(try client.send("GET", path).status == 404, "\(path)")
        }
    }

    /// Two spellings of a word are two labels: the page compares strings only by `===` and `<`, which use code units.
    @Test func labelsAreComparedByCodeUnitsAlone() throws {
        for file in Self.sources where file.hasSuffix(".js") {
            let text = try String(contentsOf: Self.folder.appendingPathComponent(file), encoding: .utf8)
            for word in ["localeCompare", "Intl.Collator", "normalize("] { #expect(!text.contains(word), "\(file): \(word)") }
        }
    }

    @Test func thePageMayRunItsOwnFilesAndTalkToItsServerOnly() throws {
        let service = try TestService()
        let reply = try service.client().send("GET", "/")
        let policy = try #require(reply.fields["content-security-policy"])
        let directives = Set(policy.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) })
        #expect(
            directives.isSuperset(of: [
                "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'", "require-trusted-types-for 'script'",
            ]))
        #expect(!policy.contains("unsafe"))
        #expect(reply.fields["x-frame-options"] == "DENY" && reply.fields["referrer-policy"] == "no-referrer")
        #expect(reply.text.matches(of: /<script(?![^>]* src=)/).isEmpty, "no inline script")
        #expect(reply.text.matches(of: /\s(style|on[a-z]+)="/).isEmpty, "no inline style or handler")
    }

    @Test func allThatFilesReferToIsThereAndNothingIsElsewhere() throws {
        let known = Set(Self.sources)
        for file in Self.sources {
            let text = try String(contentsOf: Self.folder.appendingPathComponent(file), encoding: .utf8)
            for match in text.matches(of: /(?:from|import\() *"\.\/([^"]+)"|(?:src|href)="dashboard\/([^"]+)"/) {
                let name = String(match.1 ?? match.2 ?? "")
                #expect(known.contains(name), "\(file) refers to \(name)")
            }
            // Names of XML namespaces and specifications are not requests.
            let addresses = text.matches(of: /https?:\/\/[^\s"')]+/).map { String($0.0) }
            let allowed = ["http://www.w3.org/2000/svg", "https://html.spec.whatwg.org/"]
            for address in addresses { #expect(allowed.contains { address.hasPrefix($0) }, "\(file): \(address)") }
        }
    }

    @Test func aFileIsNotSentAgainToABrowserThatHasIt() throws {
        let service = try TestService()
        let client = service.client()
        for path in ["/", "/dashboard/main.js"] {
            let first = try client.send("GET", path)
            let tag = try #require(first.fields["etag"])
            #expect(first.fields["cache-control"] == "no-cache")
            for (field, status) in [(tag, 304), ("W/\(tag)", 304), ("\"x\" , \(tag)", 304), ("*", 304), ("\"x\"", 200), ("x\(tag)", 200)] {
                try client.write(Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \(field)\r\n\r\n".utf8))
                let again = try client.readReply()
                #expect(again.status == status, "\(field)")
                #expect(again.fields["etag"] == tag && again.body.isEmpty == (status == 304))
            }
        }
        let tags = DashboardRoutes.files.map(\.tag)
        #expect(Set(tags).count == tags.count)
    }

    @Test func nobodyIsAskedForATokenByThePageAndEverybodyByItsCalls() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("dashboard-\(UUID().uuidString)").path
        try Data("read 0123456789abcdefghijklmn\n".utf8).write(to: URL(fileURLWithPath: file))
        chmod(file, 0o600)
        defer { unlink(file) }
        let service = try TestService { $0.access.tokenFile = file }
        let client = service.client()
        for file in Self.sources { #expect(try client.send("GET", path(of: file)).status == 200, "\(file)") }
        for call in ["/v1/models", "/v1/models/m", "/v1/models/m/history"] { #expect(try client.send("GET", call).status == 401) }
    }
}
