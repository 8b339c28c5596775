internal import HTTPServer
internal import ModelHost

/// A file of the dashboard. Its content is part of the program.
struct DashboardFile: Sendable {
    /// Its name in the sources and in its URL; the page itself is at `/`.
    let name: String
    private let contentType: StaticString
    private let bytes: [UInt8]
    /// A strong entity tag (RFC 9110, section 8.8.3) of the content.
    let tag: String

    init(_ name: String, _ contentType: StaticString, _ bytes: [UInt8]) {
        self.name = name
        self.contentType = contentType
        self.bytes = bytes
        tag = "\"" + String(bytes.withUnsafeBytes { StableHash.hash($0) }, radix: 16) + "\""
    }

    /// The file, or 304 if the browser has it. A browser asks each time, so a page never runs with the scripts of an older server.
    func response(to request: borrowing Request) -> Response {
        let headers = Self.fields + [HeaderField("ETag", tag)]
        guard !request.isMatched(by: tag) else { return Response(.notModified, headers: headers) }
        return Response(.ok, contentType: contentType, headers: headers + contentFields, bytes: bytes)
    }

    private static let fields = [HeaderField("Cache-Control", "no-cache")]

    private var contentFields: [HeaderField] {
        isPage ? [HeaderField("Content-Security-Policy", Self.policy)] : [HeaderField("X-Content-Type-Options", "nosniff")]
    }

    private var isPage: Bool { name == "index.html" }

    /// What the page may do: run and show its own files and talk to its own server, nothing else. No inline script or style.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
}
