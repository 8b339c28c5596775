import Glibc

/// A blocking TCP client that sends raw octets and reads strictly parsed responses. Reads end after `patience` seconds.
final class TestClient {
    let descriptor: Int32
    private(set) var reader: ResponseReader
    private(set) var isClosed = false
    private(set) var wasReset = false
    private(set) var sendFailed = false
    private(set) var received = 0

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(port: UInt16, methods: [String] = []) throws {
        reader = ResponseReader(methods: methods)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(description: "socket: \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw Failure(description: "connect: \(code)")
        }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    deinit {
        Glibc.close(descriptor)
    }

    // MARK: Sending

    func send(_ text: String) {
        send(Array(text.utf8))
    }

    /// Sends everything, and by default reads meanwhile, so that neither side blocks.
    func send(_ octets: [UInt8], whileReading: Bool = true, patience: Double = 120) {
        var at = 0
        let end = Self.now() + patience
        while at < octets.count, !isClosed, !sendFailed, Self.now() < end {
            let count = octets[at...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 {
                at += count
            } else if errno == EAGAIN {
                let ready = Self.wait(descriptor, Int16(POLLOUT) | (whileReading ? Int16(POLLIN) : 0), 0.2)
                if whileReading, ready & Int16(POLLIN) != 0 { readOnce(within: 0) }
                if !whileReading, ready == 0 { break }
            } else if errno != EINTR {
                sendFailed = true
            }
        }
        if at < octets.count, !whileReading, !sendFailed { send(Array(octets[at...]), whileReading: true, patience: patience) }
    }

    func closeSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Closes with RST.
    func reset() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
        // The descriptor still belongs to this object: connecting it to nothing resets the connection.
        var nowhere = sockaddr(sa_family: sa_family_t(AF_UNSPEC), sa_data: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
        isClosed = true
    }

    /// A small receive buffer, so that the server's writes block soon.
    func shrinkReceiveBuffer() {
        var size: Int32 = 65536
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
    }

    // MARK: Receiving

    /// Reads what is there, waiting for the first octet up to the limit; false if nothing came or the stream has ended.
    @discardableResult
    func readOnce(within seconds: Double) -> Bool {
        guard !isClosed, Self.wait(descriptor, Int16(POLLIN), seconds) != 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0, errno == EAGAIN || errno == EINTR { return true }
        if count < 0 { wasReset = true }
        if count <= 0 { isClosed = true }
        received += max(0, count)
        reader.feed(buffer[..<max(0, count)], isClosed: isClosed)
        return count > 0
    }

    /// The next final response.
    func response(to method: String = "GET", patience: Double = 120) throws -> ResponseReader.Response {
        let index = reader.taken
        reader.expect(method, at: index)
        let end = Self.now() + patience
        while reader.finals.count <= index {
            if let problem = reader.problem { throw Failure(description: problem) }
            guard !isClosed else { throw Failure(description: "closed without a response") }
            guard Self.now() < end else { throw Failure(description: "no response in time") }
            readOnce(within: 0.5)
        }
        reader.taken += 1
        return reader.finals[index]
    }

    /// Sends a request and reads its response.
    func exchange(_ request: String, method: String = "GET") throws -> ResponseReader.Response {
        send(request)
        return try response(to: method)
    }

    /// Reads until the server closes; false if it has not after `patience`.
    func readToEnd(patience: Double = 120) -> Bool {
        let end = Self.now() + patience
        while !isClosed, Self.now() < end { readOnce(within: 0.2) }
        return isClosed
    }

    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static func wait(_ descriptor: Int32, _ events: Int16, _ seconds: Double) -> Int16 {
        var watched = pollfd(fd: descriptor, events: events, revents: 0)
        let result = poll(&watched, 1, Int32(max(0, seconds) * 1000))
        return result > 0 ? watched.revents : 0
    }
}
