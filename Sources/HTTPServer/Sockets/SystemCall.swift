import CLinux
import Glibc

/// All system calls for sockets. Each is repeated on EINTR and returns a typed result, so no other code reads `errno`.
package enum SystemCall {
    /// The outcome of one transfer on a non-blocking socket.
    enum Transfer: Equatable {
        /// This many octets were transferred; for a file, 0 means that it is shorter than announced.
        case bytes(Int)
        /// The peer has sent its FIN (only from `receive`).
        case end
        case wouldBlock
        case failed(Int32)
    }

    /// The outcome of one `accept4`.
    enum Accepted: Equatable {
        case connection(Int32, PeerAddress)
        case wouldBlock
        /// The new connection failed, the listener is fine: continue.
        case lost
        /// No descriptor or memory is free: try again later.
        case exhausted
        case failed(Int32)
    }

    private static func transfer(_ body: () -> Int) -> Transfer {
        while true {
            let count = body()
            if count >= 0 { return .bytes(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case let code: return .failed(code)
            }
        }
    }

    static func receive(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        let result = transfer { recv(descriptor, buffer.baseAddress, buffer.count, 0) }
        return result == .bytes(0) && !buffer.isEmpty ? .end : result
    }

    /// Sends; MSG_NOSIGNAL because a closed peer must not raise SIGPIPE. `more` holds back a partial packet.
    static func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, more: Bool) -> Transfer {
        let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
        return transfer { Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags) }
    }

    static func sendFile(_ descriptor: Int32, from file: Int32, offset: Int, count: Int) -> Transfer {
        var position = off_t(offset)
        return transfer { sendfile(descriptor, file, &position, count) }
    }

    static func accept(_ listener: Int32) -> Accepted {
        while true {
            let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            var address = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let descriptor = withUnsafeMutableBytes(of: &address) {
                accept4(listener, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length, flags)
            }
            if descriptor >= 0 { return .connection(descriptor, PeerAddress(address)) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            // accept(2) lists these as errors of the new connection, not of the listener.
            case ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, EPERM:
                return .lost
            case let code: return .failed(code)
            }
        }
    }

    /// Makes a listening socket drop every SYN, if filters are allowed.
    static func dropConnectionRequests(_ descriptor: Int32) {
        _ = accrue_drop_connection_requests(descriptor)
    }

    /// Sends small packets at once. Set on a listener: on Linux accepted sockets inherit it.
    static func setNoDelay(_ descriptor: Int32) {
        var on: Int32 = 1
        _ = setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Turns a write to a closed peer into an error instead of the end of the process; sendfile(2) has no flag for that.
    static func ignoreBrokenPipe() {
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Sends FIN and keeps the reading side open.
    static func shutdownWriting(_ descriptor: Int32) {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Closes. Never repeated: on Linux the descriptor is gone even after EINTR.
    static func close(_ descriptor: Int32) {
        _ = Glibc.close(descriptor)
    }

    /// The message for an error number.
    static func describe(_ code: Int32) -> String {
        String(cString: strerror(code))
    }
}
