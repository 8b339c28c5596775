/// The address that a server listens on.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// The numeric address, such as `127.0.0.1` or `::1`.
    public let host: String
    /// The port, in host byte order.
    public let port: UInt16

    /// Creates an address without resolving anything.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `host:port` as in a URL, with an IPv6 address in brackets (RFC 3986, section 3.2.2).
    public var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
