import Glibc

/// Where a connection comes from. A value of fixed size, so that knowing it costs a request nothing.
///
/// Behind a proxy this is the proxy.
public struct PeerAddress: Sendable, Hashable, CustomStringConvertible {
    private enum Family: UInt8, Sendable { case unknown, ipv4, ipv6 }

    private var family = Family.unknown
    /// The octets of the address in network order, as they lie in memory; of IPv4 the first four of `high`.
    private var high: UInt64 = 0
    private var low: UInt64 = 0
    /// The port, in host byte order.
    public private(set) var port: UInt16 = 0

    /// An address that is not known.
    init() {}

    /// What `accept4` has filled in. An IPv4 address that a socket of IPv6 has accepted is an IPv4 address again.
    init(_ storage: sockaddr_storage) {
        self = withUnsafeBytes(of: storage) { bytes in
            var address = PeerAddress()
            // The port lies at the same place, in network order, in sockaddr_in and sockaddr_in6.
            address.port = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
            switch Int32(storage.ss_family) {
            case AF_INET:
                address.family = .ipv4
                address.high = Self.firstFour(bytes, at: 4)
            case AF_INET6:
                let prefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
                if bytes[8..<20].elementsEqual(prefix) {
                    address.family = .ipv4
                    address.high = Self.firstFour(bytes, at: 20)
                } else {
                    address.family = .ipv6
                    address.high = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                    address.low = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
                }
            default: break
            }
            return address
        }
    }

    private static func firstFour(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
        UInt64(littleEndian: UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))))
    }

    /// Calls `body` with the numeric address, as `127.0.0.1` or `::1`; empty where it is not known. Allocates nothing.
    public func withHost<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            text.initialize(repeating: 0)
            let length = socklen_t(text.count)
            withUnsafeBytes(of: (high, low)) { octets in
                switch family {
                case .unknown: break
                case .ipv4: inet_ntop(AF_INET, octets.baseAddress, text.baseAddress, length)
                case .ipv6: inet_ntop(AF_INET6, octets.baseAddress, text.baseAddress, length)
                }
            }
            return try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[..<strlen(text.baseAddress!)]))
        }
    }

    /// The numeric address, as `127.0.0.1` or `::1`.
    public var host: String { withHost { String(decoding: $0, as: UTF8.self) } }

    /// `host:port` as it stands in a URL.
    public var description: String { SocketAddress(host: host, port: port).description }
}
