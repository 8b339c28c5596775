import Foundation
import Testing

/// A blocking HTTP/1.1 client on one connection, which is reopened after the server has closed it. Each thread uses its own.
final class TestClient {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let port: UInt16
    private let server: AnyObject?
    /// Checks every answer; nil if the tests do not know the server's document.
    private let conformance: Conformance?
    /// Seconds that the server may be silent: one that never answers fails a test instead of hanging it.
    private let patience: Int
    private var descriptor: Int32 = -1
    private var buffer: [UInt8] = []

    /// A client that connects with its first request.
    ///
    /// - Parameter server: kept alive as long as the client.
    init(port: UInt16, server: AnyObject? = nil, conformance: Conformance? = nil, patience: Int = 1200) {
        self.patience = patience
        self.port = port
        self.server = server
        self.conformance = conformance
    }

    deinit { disconnect() }

    // MARK: Whole exchanges

    /// Sends a request and waits for its answer.
    ///
    /// - Parameter contentType: nil omits the field.
    @discardableResult
    func send(
        _ method: String, _ path: String, _ body: [UInt8]? = nil, contentType: String? = "application/json", key: String? = nil
    ) throws -> Reply {
        try begin(method, path, body, contentType: contentType, key: key)
        let reply = try readReply(isToHead: method == "HEAD")
        if let complaint = conformance?.complaint(method, path, reply) { Issue.record("\(complaint)") }
        return reply
    }

    /// Sends a request with a text as its content.
    @discardableResult
    func send(_ method: String, _ path: String, _ body: String, contentType: String? = "application/json") throws -> Reply {
        try send(method, path, Array(body.utf8), contentType: contentType)
    }

    // MARK: Parts of exchanges

    /// Sends a request without waiting.
    ///
    /// - Parameter key: the request's `Idempotency-Key`.
    func begin(
        _ method: String, _ path: String, _ body: [UInt8]? = nil, contentType: String? = "application/json", key: String? = nil
    ) throws {
        var fields = "Host: localhost\r\n"
        if let key { fields += "Idempotency-Key: \(key)\r\n" }
        if let body {
            fields += "Content-Length: \(body.count)\r\n"
            if let contentType { fields += "Content-Type: \(contentType)\r\n" }
        }
        try connect()
        // A server that refuses a body early may close before it has read all of it: its answer is there all the same.
        try? write(Array("\(method) \(path) HTTP/1.1\r\n\(fields)\r\n".utf8) + (body ?? []))
    }

    /// Sends a request with its content in chunks.
    func sendChunked(_ method: String, _ path: String, _ pieces: some Sequence<ArraySlice<UInt8>>) throws -> Reply {
        try connect()
        try write(Array("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".utf8))
        for piece in pieces where !piece.isEmpty {
            try write(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8))
        }
        try write(Array("0\r\n\r\n".utf8))
        return try readReply()
    }

    /// Sends octets as they are.
    func write(_ bytes: [UInt8]) throws {
        try connect()
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure(description: "the server took no more: \(String(cString: strerror(errno)))") }
            sent += count
        }
    }

    /// Waits until the server requests the content: it has then read the head.
    func readContinue() throws {
        let status = try readHead().status
        guard status == 100 else { throw Failure(description: "status \(status) instead of 100") }
    }

    /// Waits for the next answer.
    func readReply(isToHead: Bool = false) throws -> Reply {
        var (status, fields) = try readHead()
        while status == 100 { (status, fields) = try readHead() }
        let length = isToHead ? 0 : Int(fields["content-length"] ?? "0") ?? 0
        while buffer.count < length { try fill() }
        let body = Array(buffer[..<length])
        buffer.removeFirst(length)
        if fields["connection"]?.lowercased() == "close" { disconnect() }
        return Reply(status: status, fields: fields, body: body)
    }

    private func readHead() throws -> (status: Int, fields: [String: String]) {
        var end = Self.headEnd(buffer)
        while end == nil {
            try fill()
            end = Self.headEnd(buffer)
        }
        let lines = String(decoding: buffer[..<end!], as: UTF8.self).components(separatedBy: "\r\n")
        buffer.removeFirst(end!)
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            throw Failure(description: "no status line: \(lines[0])")
        }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return (status, fields)
    }

    /// Waits for the next chunk of an answer whose head has been read; nil when the content ends.
    func readChunk() throws -> [UInt8]? {
        var end = buffer.firstIndex(of: 10)
        while end == nil {
            try fill()
            end = buffer.firstIndex(of: 10)
        }
        guard let size = Int(String(decoding: buffer[..<(end! - 1)], as: UTF8.self), radix: 16) else {
            throw Failure(description: "no size of a chunk")
        }
        while buffer.count < end! + 1 + size + 2 { try fill() }
        let chunk = Array(buffer[(end! + 1)...].prefix(size))
        buffer.removeFirst(end! + 1 + size + 2)
        return size == 0 ? nil : chunk
    }

    /// Opens the connection, if it is not open.
    ///
    /// - Parameter receiveBuffer: the size of the system's receive buffer, to make it small.
    func connect(receiveBuffer: Int32? = nil) throws {
        guard descriptor < 0 else { return }
        let candidate = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard candidate >= 0 else { throw Failure(description: "no socket") }
        if var size = receiveBuffer { setsockopt(candidate, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size)) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(candidate, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(candidate)
            throw Failure(description: "nobody listens: \(String(cString: strerror(errno)))")
        }
        var one: Int32 = 1
        setsockopt(candidate, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var patience = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(candidate, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        descriptor = candidate
    }

    /// Closes the connection; by a reset, which the server notices at once.
    func disconnect(byReset: Bool = false) {
        guard descriptor >= 0 else { return }
        if byReset {
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        }
        close(descriptor)
        descriptor = -1
        buffer = []
    }

    /// Closes the sending side only.
    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    private func fill() throws {
        let size = 1 << 16
        let piece = try [UInt8](unsafeUninitializedCapacity: size) { pointer, count in
            var received = recv(descriptor, pointer.baseAddress, size, 0)
            while received < 0, errno == EINTR { received = recv(descriptor, pointer.baseAddress, size, 0) }
            guard received > 0 else {
                throw Failure(description: received == 0 ? "the server closed" : String(cString: strerror(errno)))
            }
            count = received
        }
        buffer += piece
    }

    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 3..<bytes.count
        where bytes[index] == 10 && bytes[index - 1] == 13 && bytes[index - 2] == 10 && bytes[index - 3] == 13 {
            return index + 1
        }
        return nil
    }
}
