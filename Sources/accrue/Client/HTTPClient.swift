import Foundation

/// A blocking HTTP/1.1 client for one server and one connection, which is opened again when the server has closed it.
final class HTTPClient {
    struct Response {
        var status: Int
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let host: String
    private let port: UInt16
    private var descriptor: Int32 = -1
    private var buffer: [UInt8] = []

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    deinit { disconnect() }

    /// Sends a request and waits for its answer.
    ///
    /// - Throws: `Failure` where the server cannot be reached or its answer is none.
    func send(_ method: String, _ path: String, contentType: String = "application/json", body: [UInt8] = []) throws -> Response {
        let wasOpen = descriptor >= 0
        do {
            return try exchange(method, path, contentType, body)
        } catch  where wasOpen {
            // The server may have closed a connection that was idle: once more on a new one.
            disconnect()
            return try exchange(method, path, contentType, body)
        }
    }

    private func exchange(_ method: String, _ path: String, _ contentType: String, _ body: [UInt8]) throws -> Response {
        if descriptor < 0 { try connect() }
        var head = "\(method) \(path) HTTP/1.1\r\nHost: \(host):\(port)\r\n"
        if !body.isEmpty || method != "GET" { head += "Content-Type: \(contentType)\r\nContent-Length: \(body.count)\r\n" }
        head += "\r\n"
        try write(Array(head.utf8) + body)
        return try read(hasBody: method != "HEAD")
    }

    private func connect() throws {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0 else { throw Failure(description: "\(host) is unknown") }
        defer { freeaddrinfo(list) }
        var next = list
        while let entry = next {
            let candidate = socket(entry.pointee.ai_family, entry.pointee.ai_socktype, entry.pointee.ai_protocol)
            if candidate >= 0 {
                if Glibc.connect(candidate, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0 {
                    var one: Int32 = 1
                    setsockopt(candidate, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
                    descriptor = candidate
                    return
                }
                close(candidate)
            }
            next = entry.pointee.ai_next
        }
        throw Failure(description: "\(host):\(port) does not answer: \(String(cString: strerror(errno)))")
    }

    private func disconnect() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        buffer = []
    }

    private func write(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure(description: "the server closed the connection: \(String(cString: strerror(errno)))") }
            sent += count
        }
    }

    private func fill() throws {
        let size = 1 << 18
        let piece = try [UInt8](unsafeUninitializedCapacity: size) { pointer, count in
            var received = recv(descriptor, pointer.baseAddress, size, 0)
            while received < 0, errno == EINTR { received = recv(descriptor, pointer.baseAddress, size, 0) }
            guard received > 0 else { throw Failure(description: "the server closed the connection before its answer was whole") }
            count = received
        }
        buffer += piece
    }

    private func read(hasBody: Bool) throws -> Response {
        var end: Int?
        while end == nil {
            end = headEnd()
            if end == nil { try fill() }
        }
        let head = String(decoding: buffer[0..<end!], as: UTF8.self)
        buffer.removeFirst(end!)
        let lines = head.components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw Failure(description: "that is no HTTP server")
        }
        if (100..<200).contains(status) { return try read(hasBody: hasBody) }
        var length = 0
        var mustClose = false
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2 else { continue }
            switch parts[0].lowercased() {
            case "content-length": length = Int(parts[1]) ?? 0
            case "connection": mustClose = parts[1].lowercased() == "close"
            default: break
            }
        }
        if !hasBody || status == 204 || status == 304 { length = 0 }
        while buffer.count < length { try fill() }
        let body = Array(buffer[0..<length])
        buffer.removeFirst(length)
        if mustClose { disconnect() }
        return Response(status: status, body: body)
    }

    private func headEnd() -> Int? {
        guard buffer.count >= 4 else { return nil }
        for index in 3..<buffer.count
        where buffer[index] == 10 && buffer[index - 1] == 13 && buffer[index - 2] == 10 && buffer[index - 3] == 13 {
            return index + 1
        }
        return nil
    }
}
