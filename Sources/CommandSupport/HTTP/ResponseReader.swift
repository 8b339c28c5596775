import Foundation

/// Reads answers from a connection: heads, and bodies by length, in chunks, or up to the end (RFC 9112, sections 4 to 7).
final class ResponseReader {
    /// The largest head, and the longest line of a chunked body.
    private static let maximumHead = 64 << 10

    struct Head {
        var status: Int
        var fields: [(name: String, value: String)]

        func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    private let connection: HTTPConnection
    private let authority: String
    private var buffer = [UInt8](repeating: 0, count: 256 << 10)
    /// The start of unused bytes.
    private var start = 0
    private var end = 0

    init(_ connection: HTTPConnection, authority: String) {
        self.connection = connection
        self.authority = authority
    }

    /// Reads a head; skips interim ones.
    func head() throws(HTTPFailure) -> Head {
        while true {
            let head = try anyHead()
            if !(100..<200).contains(head.status) { return head }
        }
    }

    private func anyHead() throws(HTTPFailure) -> Head {
        let words = try line().split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]), (100..<600).contains(status) else {
            throw HTTPFailure(.invalid, "\(authority) does not speak HTTP/1.1")
        }
        var head = Head(status: status, fields: [])
        while true {
            let line = try line()
            if line.isEmpty { return head }
            guard let colon = line.firstIndex(of: ":"), head.fields.count < 1000 else {
                throw HTTPFailure(.invalid, "\(authority) sent an invalid header field: \(line.prefix(80))")
            }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            head.fields.append((line[..<colon].lowercased(), value))
        }
    }

    /// Reads the body after a head and passes it on in pieces.
    ///
    /// - Parameter hasBody: false for the answer to HEAD.
    /// - Returns: whether the connection can be reused.
    func body(of head: Head, hasBody: Bool, _ sink: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
        let isKept = head.field("connection")?.lowercased() != "close"
        guard hasBody, head.status != 204, head.status != 304 else { return isKept }
        if let coding = head.field("transfer-encoding") {
            guard coding.lowercased() == "chunked" else {
                throw HTTPFailure(.invalid, "\(authority) uses the unsupported transfer coding \(coding)")
            }
            try chunks(sink)
            return isKept
        }
        if let text = head.field("content-length") {
            guard let length = Int(text), length >= 0 else {
                throw HTTPFailure(.invalid, "\(authority) sent the invalid Content-Length \(text.prefix(40))")
            }
            try pass(length, sink)
            return isKept
        }
        while try start < end || fill() {
            try buffer.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
            start = end
        }
        return false
    }

    private func chunks(_ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        while true {
            let size = try line().prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces)
            guard let length = Int(size, radix: 16), length >= 0, !size.hasPrefix("+") else {
                throw HTTPFailure(.invalid, "\(authority) sent the invalid chunk size \(size.prefix(40))")
            }
            if length == 0 { break }
            try pass(length, sink)
            guard try line().isEmpty else { throw HTTPFailure(.invalid, "\(authority) sent a chunk longer than its size") }
        }
        // Trailer fields.
        while try !line().isEmpty {}
    }

    private func pass(_ length: Int, _ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        var rest = length
        while rest > 0 {
            if start == end { try require(fill()) }
            let count = min(rest, end - start)
            try buffer.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0[start..<(start + count)])) }
            start += count
            rest -= count
        }
    }

    private func line() throws(HTTPFailure) -> String {
        var searched = start
        while true {
            if let feed = buffer[searched..<end].firstIndex(of: 10) {
                let hasReturn = feed > start && buffer[feed - 1] == 13
                let line = String(decoding: buffer[start..<(hasReturn ? feed - 1 : feed)], as: UTF8.self)
                start = feed + 1
                return line
            }
            guard end - start < Self.maximumHead else { throw HTTPFailure(.invalid, "\(authority) sent a header line that is too long") }
            let pending = end - start
            try require(fill())
            searched = start + pending
        }
    }

    private func require(_ isThere: Bool) throws(HTTPFailure) {
        guard isThere else { throw HTTPFailure(.broken, "\(authority) closed the connection before the answer was complete") }
    }

    /// Reads more data after the existing.
    ///
    /// - Returns: false at the end of the connection.
    private func fill() throws(HTTPFailure) -> Bool {
        if start > 0 {
            let (first, count) = (start, end - start)
            buffer.withUnsafeMutableBytes { bytes in
                guard count > 0 else { return }
                memmove(bytes.baseAddress!, bytes.baseAddress! + first, count)
            }
            (start, end) = (0, count)
        }
        let used = end
        let connection = connection
        let count = try buffer.withUnsafeMutableBufferPointer { (bytes) throws(HTTPFailure) in
            try connection.read(into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[used...])))
        }
        end += count
        return count > 0
    }
}
