internal import HTTPServer

/// Which web pages may call the service (Fetch, section 3.3). Programs other than browsers send no `Origin` and are not affected.
struct OriginPolicy: Sendable {
    /// The header fields of answers to an allowed origin.
    struct Block: Sendable {
        let answer: FieldBlock
        let preflight: FieldBlock
    }

    /// The judgement of an `Origin`.
    enum Judgement {
        /// None, or the server's own; its answers may need a `Vary` field.
        case own(FieldBlock?)
        case allowed(Block)
        case refused
    }

    private struct Allowed: Sendable {
        let origin: [UInt8]
        let block: Block
    }

    private var allowed: [Allowed] = []
    private var everybody: Block?
    private var vary: FieldBlock?

    /// - Throws: `AccessError` for a text that is neither `*` nor a scheme with an authority.
    init(_ origins: [String]) throws(AccessError) {
        for origin in origins {
            guard origin != "*" else {
                everybody = Self.block("*")
                continue
            }
            guard Self.isOrigin(origin) else {
                throw AccessError("\"\(origin)\" is not an origin; expected * or a URL without a path, such as https://models.example.com")
            }
            // Browsers send scheme and host in lower case.
            allowed.append(Allowed(origin: Array(origin.lowercased().utf8), block: Self.block(origin.lowercased())))
        }
        if !allowed.isEmpty { vary = FieldBlock([HeaderField("Vary", "Origin")]) }
    }

    private static func isOrigin(_ text: String) -> Bool {
        for scheme in ["http://", "https://"] where text.lowercased().hasPrefix(scheme) {
            let authority = text.utf8.dropFirst(scheme.utf8.count)
            let excluded = "/@".utf8
            return !authority.isEmpty && authority.allSatisfy { $0 > 0x20 && $0 < 0x7f && !excluded.contains($0) }
        }
        return false
    }

    private static func block(_ origin: String) -> Block {
        var fields = [
            HeaderField("Access-Control-Allow-Origin", origin),
            HeaderField(
                "Access-Control-Expose-Headers",
                "ETag, Inference-Header-Content-Length, Retry-After, WWW-Authenticate, X-Request-Id"),
        ]
        if origin != "*" { fields.append(HeaderField("Vary", "Origin")) }
        let preflight = [
            HeaderField("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"),
            HeaderField(
                "Access-Control-Allow-Headers",
                "Authorization, Content-Encoding, Content-Type, Idempotency-Key, If-None-Match, Inference-Header-Content-Length, "
                    + "Last-Event-ID, X-Request-Id"),
            HeaderField("Access-Control-Max-Age", "600"),
        ]
        return Block(answer: FieldBlock(fields), preflight: FieldBlock(fields + preflight))
    }

    /// Judges a request by its `Origin`. Allocates nothing.
    func judge(_ request: borrowing Request) -> Judgement {
        request.withHeaderBytes("origin") { origin in
            guard let origin else { return .own(vary) }
            guard !request.headerIsRepeated("origin") else { return .refused }
            if Self.isOwn(origin, request) { return .own(vary) }
            for entry in allowed where entry.origin.elementsEqual(origin) { return .allowed(entry.block) }
            return everybody.map { .allowed($0) } ?? .refused
        }
    }

    /// Whether the page's authority is the request's. The scheme may differ: a proxy in front may speak TLS.
    private static func isOwn(_ origin: UnsafeRawBufferPointer, _ request: borrowing Request) -> Bool {
        guard let authority = afterScheme(origin) else { return false }
        return request.withAuthorityBytes { host in
            guard let host, host.count == authority.count else { return false }
            for index in 0..<host.count where (host[index] | 0x20) != (authority[index] | 0x20) { return false }
            return true
        }
    }

    private static func afterScheme(_ origin: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        for scheme in ["http://", "https://"] as [StaticString] {
            let count = scheme.utf8CodeUnitCount
            guard origin.count > count else { continue }
            var isEqual = true
            for index in 0..<count where origin[index] != scheme.utf8Start[index] { isEqual = false }
            if isEqual { return UnsafeRawBufferPointer(rebasing: origin[count...]) }
        }
        return nil
    }
}
