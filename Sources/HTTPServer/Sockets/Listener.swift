import Glibc

/// A listening TCP socket, closed with its last reference.
///
/// SO_REUSEADDR is set so that a restart does not wait for TIME_WAIT; SO_REUSEPORT is not, so that a second server on the same
/// port is refused instead of silently sharing it.
final class Listener: Sendable {
    /// The most connections that the kernel queues before the server accepts them; the kernel may allow fewer.
    static let backlog: Int32 = 4096

    let descriptor: Int32
    let address: SocketAddress

    /// Binds and listens on the first address of `host` that works.
    init(host: String, port: UInt16, backlog: Int32 = Listener.backlog) throws(ServerError) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // People copy bracketed IPv6 addresses from URLs.
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, String(port), &hints, &list)
        guard code == 0, let first = list else {
            throw .unusableHost(host, reason: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(first) }
        var failure = ServerError.unusableHost(host, reason: "no address")
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let candidate = next {
            do throws(ServerError) {
                descriptor = try Self.open(candidate.pointee, port: port, backlog: backlog)
                address = Self.boundAddress(descriptor)
                return
            } catch {
                failure = error
            }
            next = candidate.pointee.ai_next
        }
        throw failure
    }

    deinit {
        SystemCall.close(descriptor)
    }

    /// Makes the kernel drop new connection requests and complete those it has begun.
    ///
    /// Closing alone would reset a connection that the kernel completes between the last check of the queue and the close, possibly
    /// with a request in it. A client whose SYN is dropped sends it again after a second, and then is refused or reaches the next
    /// server. If filters are not allowed, that gap remains.
    func holdBack() {
        SystemCall.dropConnectionRequests(descriptor)
    }

    /// Refuses new connections; the descriptor stays valid for the threads that use it.
    func refuse() {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private static func open(_ candidate: addrinfo, port: UInt16, backlog: Int32) throws(ServerError) -> Int32 {
        let kind = candidate.ai_socktype | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let made = socket(candidate.ai_family, kind, candidate.ai_protocol)
        guard made >= 0 else { throw .system(call: "socket", code: errno) }
        var on: Int32 = 1
        _ = setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        SystemCall.setNoDelay(made)
        guard bind(made, candidate.ai_addr, candidate.ai_addrlen) == 0, listen(made, backlog) == 0 else {
            let code = errno
            SystemCall.close(made)
            throw code == EADDRINUSE ? .portInUse(port) : .system(call: "bind", code: code)
        }
        return made
    }

    private static func boundAddress(_ descriptor: Int32) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &storage) { bytes in
            let address = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            guard getsockname(descriptor, address, &length) == 0 else { return SocketAddress(host: "", port: 0) }
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { host in
                guard getnameinfo(address, length, host.baseAddress, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0 else {
                    return SocketAddress(host: "", port: 0)
                }
                // sockaddr_in and sockaddr_in6 both have the port here, in network order.
                let port = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
                return SocketAddress(host: String(cString: host.baseAddress!), port: port)
            }
        }
    }
}
