internal import Concurrency
internal import HTTPServer

/// Admits requests: by their host, by the `Origin` of the calling web page, and by their token.
final class AccessGate: Sendable {
    private let origins: OriginPolicy
    private let hosts: [[UInt8]]?
    /// Nil if no tokens are required.
    private let tokens: Guarded<TokenSet>?

    /// - Throws: `AccessError` for an invalid origin.
    init(_ configuration: AccessConfiguration, tokens: TokenSet?) throws(AccessError) {
        origins = try OriginPolicy(configuration.allowedOrigins)
        hosts = configuration.allowedHosts.map { hosts in
            hosts.map { Array($0.lowercased().utf8) }
        }
        self.tokens = tokens.map { Guarded($0) }
    }

    /// Replaces the tokens.
    func replaceTokens(_ fresh: TokenSet) {
        tokens?.withLock { $0 = fresh }
    }

    /// The server's gate. Allocates nothing for an admitted request.
    func verdict(_ request: borrowing Request, _ access: RouteAccess) -> GateVerdict {
        guard isForUs(request) else {
            let host = request.withAuthorityBytes { $0.map { String(decoding: $0, as: UTF8.self) } ?? "" }
            return .refuse(.misdirectedRequest, detail: "the host \(host) is not a name of this server; add it with --allow-host")
        }
        let fields: FieldBlock?
        switch origins.judge(request) {
        case .own(let vary): fields = vary
        case .allowed(let block):
            if request.method == .options, request.withHeaderBytes("access-control-request-method", { $0 != nil }) {
                return .answer(Response(.noContent), adding: block.preflight)
            }
            fields = block.answer
        case .refused:
            return .refuse(
                .forbidden,
                detail: "web pages of the origin \(request.header("origin") ?? "") may not call this server; allow it with --allow-origin")
        }
        guard let tokens, access != .anyone else { return .pass(adding: fields) }
        switch Self.grant(request, tokens) {
        case .writing: return .pass(adding: fields)
        case .reading where access == .reading: return .pass(adding: fields)
        case .reading:
            return .refuse(
                .forbidden, detail: "this call needs a write token, but the token is a read token",
                headers: [HeaderField("WWW-Authenticate", #"Bearer realm="accrue", error="insufficient_scope", scope="write""#)],
                adding: fields)
        case .nothing where request.withHeaderBytes("authorization", { $0 == nil }):
            return .refuse(
                .unauthorized, detail: "this call needs a token: Authorization: Bearer TOKEN",
                headers: [HeaderField("WWW-Authenticate", #"Bearer realm="accrue""#)], adding: fields)
        case .nothing:
            return .refuse(
                .unauthorized, detail: "the token is unknown; expected Authorization: Bearer TOKEN",
                headers: [HeaderField("WWW-Authenticate", #"Bearer realm="accrue", error="invalid_token""#)], adding: fields)
        }
    }

    /// Whether the request's host is this server. HTTP/1.0 requests may have no host; browsers always send one.
    private func isForUs(_ request: borrowing Request) -> Bool {
        guard let hosts else { return true }
        return request.withAuthorityBytes { value in
            guard let value, !value.isEmpty else { return true }
            let name = Self.withoutPort(value)
            return hosts.contains { host in
                guard host.count == name.count else { return false }
                for index in 0..<host.count where Self.lowercased(name[index]) != host[index] { return false }
                return true
            }
        }
    }

    private static func withoutPort(_ host: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        // The colons of an IPv6 address are inside brackets.
        guard let colon = host.lastIndex(of: UInt8(ascii: ":")), host[colon...].firstIndex(of: UInt8(ascii: "]")) == nil else {
            return host[...]
        }
        return host[..<colon]
    }

    private static func lowercased(_ octet: UInt8) -> UInt8 {
        octet &- UInt8(ascii: "A") < 26 ? octet | 0x20 : octet
    }

    /// What the request's token allows: `Authorization: Bearer TOKEN`; the scheme is case-insensitive (RFC 9110, section 11.1).
    private static func grant(_ request: borrowing Request, _ tokens: Guarded<TokenSet>) -> TokenSet.Grant {
        guard !request.headerIsRepeated("authorization") else { return .nothing }
        return request.withHeaderBytes("authorization") { value in
            let scheme: StaticString = "bearer"
            guard let value, value.count > scheme.utf8CodeUnitCount, value[scheme.utf8CodeUnitCount] == UInt8(ascii: " ") else {
                return .nothing
            }
            for index in 0..<scheme.utf8CodeUnitCount where lowercased(value[index]) != scheme.utf8Start[index] { return .nothing }
            var start = scheme.utf8CodeUnitCount
            while start < value.count, value[start] == UInt8(ascii: " ") { start += 1 }
            return tokens.withLock { $0.grant(UnsafeRawBufferPointer(rebasing: value[start...])) }
        }
    }
}
