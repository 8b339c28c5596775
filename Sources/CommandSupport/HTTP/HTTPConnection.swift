import Glibc

/// A TCP connection whose waits end at its timeout or when the user interrupts.
final class HTTPConnection {
    private let descriptor: Int32
    private let authority: String
    /// Seconds without a byte in either direction after which the server counts as gone.
    private let idleTimeout: Double
    /// Becomes readable when the user gives up; -1 for never.
    private let abandonment: Int32

    /// Connects to the first of a host's addresses, IPv6 or IPv4, that answers.
    ///
    /// - Throws: `HTTPFailure`, `.unreachable` if no address answers within `connectTimeout` seconds each.
    init(_ url: ServerURL, connectTimeout: Double, idleTimeout: Double, abandonment: Int32) throws(HTTPFailure) {
        authority = url.authority
        self.idleTimeout = idleTimeout
        self.abandonment = abandonment
        descriptor = try Self.connect(url, timeout: connectTimeout, abandonment)
    }

    deinit { close(descriptor) }

    private static func connect(_ url: ServerURL, timeout: Double, _ abandonment: Int32) throws(HTTPFailure) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        var code = getaddrinfo(url.host, String(url.port), &hints, &list)
        // A machine with only the loopback interface has no configured address.
        hints.ai_flags = 0
        if code != 0 { code = getaddrinfo(url.host, String(url.port), &hints, &list) }
        guard code == 0 else { throw HTTPFailure(.unreachable, "cannot resolve \(url.host): \(String(cString: gai_strerror(code)))") }
        defer { freeaddrinfo(list) }
        var reason = "no address"
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            let type = entry.pointee.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let candidate = socket(entry.pointee.ai_family, type, entry.pointee.ai_protocol)
            guard candidate >= 0 else {
                reason = String(cString: strerror(errno))
                continue
            }
            var error = Glibc.connect(candidate, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0 ? 0 : errno
            if error == EINPROGRESS || error == EINTR {
                switch Readiness.wait(for: Int16(POLLOUT), of: candidate, seconds: timeout, or: abandonment) {
                case .ready:
                    var length = socklen_t(MemoryLayout<Int32>.size)
                    getsockopt(candidate, SOL_SOCKET, SO_ERROR, &error, &length)
                case .timedOut: error = ETIMEDOUT
                case .interrupted:
                    close(candidate)
                    throw HTTPFailure(.abandoned, "interrupted")
                }
            }
            if error == 0 {
                var one: Int32 = 1
                setsockopt(candidate, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
                return candidate
            }
            reason = String(cString: strerror(error))
            close(candidate)
        }
        throw HTTPFailure(.unreachable, "\(url.authority) does not answer: \(reason)")
    }

    /// Whether the server has closed an idle connection, or sent data without a request.
    var isStale: Bool { Readiness.wait(for: Int16(POLLIN), of: descriptor, seconds: 0, or: -1) == .ready }

    /// Writes bytes while the server listens.
    ///
    /// - Returns: false if the server began to answer, or closed the connection, before all was written.
    /// - Throws: `HTTPFailure` of kind `.timedOut` or `.abandoned`.
    func write(_ bytes: UnsafeRawBufferPointer) throws(HTTPFailure) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = send(descriptor, bytes.baseAddress! + written, bytes.count - written, Int32(MSG_NOSIGNAL))
            if count > 0 {
                written += count
                continue
            }
            if errno == EINTR { continue }
            // Whatever the server sent before closing can still be read.
            guard errno == EAGAIN else { return false }
            try wait(for: Int16(POLLIN | POLLOUT))
            if isStale { return false }
        }
        return true
    }

    /// Reads available bytes, at least one.
    ///
    /// - Returns: 0 at the end.
    /// - Throws: `HTTPFailure`.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(HTTPFailure) -> Int {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return count }
            if errno == EINTR { continue }
            guard errno == EAGAIN else {
                throw HTTPFailure(.broken, "\(authority) closed the connection: \(String(cString: strerror(errno)))")
            }
            try wait(for: Int16(POLLIN))
        }
    }

    private func wait(for events: Int16) throws(HTTPFailure) {
        switch Readiness.wait(for: events, of: descriptor, seconds: idleTimeout, or: abandonment) {
        case .ready: return
        case .timedOut: throw HTTPFailure(.timedOut, "\(authority) did not respond for \(Int(idleTimeout)) s")
        case .interrupted: throw HTTPFailure(.abandoned, "interrupted")
        }
    }
}
