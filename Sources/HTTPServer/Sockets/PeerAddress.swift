import Glibc

/// The address of a client. A value of fixed size, so that it costs a request nothing.
///
/// Behind a proxy it is the proxy's.
public struct PeerAddress: Sendable, Hashable, CustomStringConvertible {
    private enum Family: UInt8, Sendable { case unknown, ipv4, ipv6 }

    private var family = Family.unknown
    /// The octets of the address in network order, as in memory; IPv4 uses the first four of `high`.
    private var high: UInt64 = 0
    private var low: UInt64 = 0
    /// The port, in host byte order.
    public private(set) var port: UInt16 = 0

    /// An unknown address.
    init() {}

    /// The address from `accept4`. An IPv4 address accepted by an IPv6 socket becomes an IPv4 address again.
    init(_ storage: sockaddr_storage) {
        self = withUnsafeBytes(of: storage) { bytes in
            var address = PeerAddress()
            // sockaddr_in and sockaddr_in6 both have the port here, in network order.
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

    /// Calls `body` with the numeric address, such as `127.0.0.1` or `::1`; empty if unknown. Allocates nothing.
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

    /// The numeric address, such as `127.0.0.1` or `::1`.
    public var host: String { withHost { String(decoding: $0, as: UTF8.self) } }

    /// `host:port` as in a URL.
    public var description: String { SocketAddress(host: host, port: port).description }
}
