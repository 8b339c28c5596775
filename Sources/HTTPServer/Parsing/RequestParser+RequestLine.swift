extension RequestParser {
    /// Parses `method SP target SP version` (RFC 9112, section 3), without the line end.
    static func parseRequestLine(_ line: UnsafeRawBufferPointer, into head: RequestHead) -> ParseFailure? {
        var at = 0
        while at < line.count, Octets.token.contains(line[at]) { at += 1 }
        guard at > 0 else { return line.isEmpty ? .malformedRequestLine : .malformedMethod }
        guard at < line.count, line[at] == 0x20 else { return at < line.count ? .malformedMethod : .malformedRequestLine }
        guard at <= 32 else { return .methodTooLong }
        let method = line.part(0..<at)
        let targetStart = at + 1
        at = targetStart
        while at < line.count, line[at] != 0x20 { at += 1 }
        guard at > targetStart, at < line.count else { return .malformedRequestLine }
        if let failure = parseVersion(line.part(at + 1..<line.count), into: head) { return failure }
        head.method = Method(method)
        // Only CONNECT uses the authority-form, and it is not supported; the answer does not depend on its target.
        if method.equals("CONNECT") { return nil }
        return parseTarget(line, targetStart..<at, isOptions: head.method == .options, into: head)
    }

    private static func parseVersion(_ text: UnsafeRawBufferPointer, into head: RequestHead) -> ParseFailure? {
        guard text.count == 8, text.part(0..<5).equals("HTTP/"), text[6] == UInt8(ascii: ".") else {
            // A third word that is not a version may come from a space inside the target.
            return .malformedVersion
        }
        let major = text[5] &- UInt8(ascii: "0")
        let minor = text[7] &- UInt8(ascii: "0")
        guard major < 10, minor < 10 else { return .malformedVersion }
        guard major == 1 else { return .versionNotSupported }
        // A higher minor version is treated as the highest known one (RFC 9110, section 2.5).
        head.isOldVersion = minor == 0
        head.keepsAlive = minor != 0
        return nil
    }

    private static func parseTarget(
        _ line: UnsafeRawBufferPointer, _ range: Range<Int>, isOptions: Bool, into head: RequestHead
    ) -> ParseFailure? {
        var start = range.lowerBound
        switch line[start] {
        case UInt8(ascii: "/"):
            head.form = .origin
        case UInt8(ascii: "*"):
            guard range.count == 1, isOptions else { return .malformedTarget }
            head.form = .asterisk
            head.path = RequestHead.Span(range)
            return nil
        default:
            guard let authority = parseAuthority(line, range) else { return .malformedTarget }
            head.form = .absolute
            head.authority = RequestHead.Span(authority)
            start = authority.upperBound
        }
        var at = start
        while at < range.upperBound, Octets.path.contains(line[at]) {
            if line[at] == UInt8(ascii: "%"), !isEncoded(line, at, range.upperBound) { return .malformedTarget }
            at += 1
        }
        head.path = RequestHead.Span(start..<at)
        guard at < range.upperBound else { return nil }
        guard line[at] == UInt8(ascii: "?") else { return .malformedTarget }
        let queryStart = at + 1
        at = queryStart
        while at < range.upperBound {
            guard Octets.query.contains(line[at]) else { return .malformedTarget }
            if line[at] == UInt8(ascii: "%"), !isEncoded(line, at, range.upperBound) { return .malformedTarget }
            at += 1
        }
        head.query = RequestHead.Span(queryStart..<at)
        return nil
    }

    private static func isEncoded(_ line: UnsafeRawBufferPointer, _ at: Int, _ end: Int) -> Bool {
        at + 2 < end && Octets.hexadecimal(line[at + 1]) != nil && Octets.hexadecimal(line[at + 2]) != nil
    }

    /// Checks `http://authority` in the absolute-form and returns the range of the authority, or nil. The path follows it.
    private static func parseAuthority(_ line: UnsafeRawBufferPointer, _ range: Range<Int>) -> Range<Int>? {
        var at = range.lowerBound
        while at < range.upperBound, line[at] != UInt8(ascii: ":") { at += 1 }
        let scheme = line.part(range.lowerBound..<at)
        guard scheme.equalsIgnoringCase("http") || scheme.equalsIgnoringCase("https") else { return nil }
        guard at + 3 <= range.upperBound, line.part(at..<at + 3).equals("://") else { return nil }
        let authority = at + 3
        at = authority
        while at < range.upperBound, line[at] != UInt8(ascii: "/"), line[at] != UInt8(ascii: "?") { at += 1 }
        return isHost(line.part(authority..<at)) ? authority..<at : nil
    }

    /// Whether the octets are `host [":" port]` with a non-empty host and no user information (RFC 9110, section 7.2).
    static func isHost(_ text: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        if text.first == UInt8(ascii: "[") {
            at = 1
            while at < text.count, Octets.ipv6.contains(text[at]) { at += 1 }
            guard at > 2, at < text.count, text[at] == UInt8(ascii: "]") else { return false }
            at += 1
        } else {
            while at < text.count, Octets.host.contains(text[at]) { at += 1 }
            guard at > 0 else { return false }
        }
        guard at < text.count else { return true }
        guard text[at] == UInt8(ascii: ":"), text.count - at <= 6 else { return false }
        var port = 0
        for octet in text[(at + 1)...] {
            let digit = octet &- UInt8(ascii: "0")
            guard digit < 10 else { return false }
            port = port * 10 + Int(digit)
        }
        return port <= 65535
    }
}
