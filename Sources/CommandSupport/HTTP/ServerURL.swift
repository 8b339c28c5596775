import Foundation

/// A server's URL: `http://host:port`, optionally with the path prefix of a proxy.
package struct ServerURL: Sendable, Equatable, CustomStringConvertible {
    /// A name or an address; an IPv6 address without its brackets.
    let host: String
    package let port: UInt16
    /// The prefix of every path: empty, or `/…` without a trailing slash.
    let prefix: String

    init(host: String, port: UInt16, prefix: String = "") {
        self.host = host
        self.port = port
        self.prefix = prefix
    }

    /// - Throws: `UsageError` for anything but `http://HOST[:PORT][/PATH]`; the default port is 80, as in any URL.
    package init(_ text: String) throws(UsageError) {
        func refusal(_ why: String) -> UsageError { UsageError("\"\(text)\" \(why); expected http://HOST:PORT") }
        guard !text.lowercased().hasPrefix("https://") else {
            throw refusal("needs TLS, which this program does not support: use a tunnel, or a proxy on this machine")
        }
        guard text.lowercased().hasPrefix("http://") else { throw refusal("does not begin with http://") }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), !text.contains("?"), !text.contains("#"), !text.contains("@") else {
            throw refusal("has more than a host, a port and a path")
        }
        let rest = text.dropFirst(7)
        let authority = rest.prefix { $0 != "/" }
        var path = String(rest.dropFirst(authority.count))
        while path.hasSuffix("/") { path.removeLast() }
        prefix = path

        var port: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw refusal("lacks a closing bracket") }
            host = String(authority[authority.index(after: authority.startIndex)..<end])
            let behind = authority[authority.index(after: end)...]
            guard behind.isEmpty || behind.hasPrefix(":") else { throw refusal("has text after the closing bracket") }
            port = behind.isEmpty ? nil : behind.dropFirst()
        } else {
            let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = String(parts[0])
            port = parts.count == 2 ? parts[1] : nil
        }
        guard !host.isEmpty else { throw refusal("has no host") }
        guard let port else {
            self.port = 80
            return
        }
        guard let number = UInt16(port), number > 0 else { throw refusal("has no port from 1 to 65535") }
        self.port = number
    }

    /// The value of `Host` (RFC 9110, section 7.2).
    var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    package var description: String { "http://\(authority)\(prefix)" }

    /// A segment of a path, percent-encoded (RFC 3986, section 3.3).
    package static func segment(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default: encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}
