import Concurrency
import Foundation

@testable import CommandSupport
@testable import accrue

/// A server on its own port that answers each connection's requests with prepared texts, whatever is asked.
final class ScriptedServer: Sendable {
    /// The script of one connection.
    struct Connection: Sendable {
        /// An answer for each request.
        var answers: [String]
        /// Whether to close after the last answer; otherwise the connection stays open and silent.
        var closes = true
        /// Whether the first answer comes before the request is read.
        var isHasty = false
    }

    let port: UInt16
    private let listener: Int32
    private let received = Guarded<[String]>([])
    private let closed = Guarded(0)

    init(_ connections: [Connection]) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw InputError("no port: \(String(cString: strerror(errno)))") }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in
            for connection in connections { serve(connection) }
        }
    }

    deinit { close(listener) }

    /// The number of connections it has closed.
    var closedConnections: Int { closed.withLock { $0 } }

    /// The heads and bodies received.
    var requests: [String] { received.withLock { $0 } }

    private func serve(_ script: Connection) {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { return }
        for answer in script.answers {
            if !script.isHasty, let request = read(descriptor) { received.withLock { $0.append(request) } }
            _ = answer.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
        }
        if script.closes {
            shutdown(descriptor, Int32(SHUT_WR))
            closed.withLock { $0 += 1 }
            // Data still on its way must not turn the end into a reset.
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while recv(descriptor, &buffer, buffer.count, 0) > 0 {}
            close(descriptor)
        }
    }

    /// Reads a head, and a body by its length or in chunks.
    private func read(_ descriptor: Int32) -> String? {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            if let end = text.range(of: "\r\n\r\n") {
                let body = text[end.upperBound...]
                if let match = text.firstMatch(of: /Content-Length: (\d+)/) {
                    if body.utf8.count >= Int(match.1)! { return text }
                } else if !text.contains("chunked") || body.hasSuffix("0\r\n\r\n") {
                    return text
                }
            }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
    }
}
