/// Where a server listens.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// The numeric address, as `127.0.0.1` or `::1`.
    public let host: String
    /// The port, in host byte order.
    public let port: UInt16

    /// Makes an address; nothing is resolved.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `host:port` as it stands in a URL: an IPv6 address is in brackets (RFC 3986, section 3.2.2).
    public var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
