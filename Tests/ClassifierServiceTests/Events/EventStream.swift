import TensorFormats
import Testing

/// A client of a stream of server-sent events, parsed by WHATWG HTML (section 9.2.6).
final class EventStream {
    struct Event {
        var id: Int
        var kind: String
        var data: JSONValue
    }

    let client: TestClient
    let head: Reply
    private var text: [UInt8] = []
    /// Comments so far.
    private(set) var comments = 0

    /// Requests a model's events.
    init(_ client: TestClient, _ path: String = "/v1/models/m/events", after last: String? = nil) throws {
        self.client = client
        let field = last.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        try client.write(Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(field)\r\n".utf8))
        head = try client.readReply()
    }

    /// Waits for the next event; nil if the stream has ended properly.
    func next() throws -> Event? {
        while true {
            while let end = Self.blockEnd(text) {
                let lines = String(decoding: text[..<end], as: UTF8.self).split(separator: "\n")
                text.removeFirst(end + 2)
                if let event = try parse(lines) { return event }
            }
            guard let chunk = try client.readChunk() else {
                #expect(text.isEmpty, "the last event is cut short")
                return nil
            }
            text += chunk
        }
    }

    /// Waits for `count` events.
    func next(_ count: Int) throws -> [Event] {
        try (0..<count).map { _ in try #require(try next()) }
    }

    private func parse(_ lines: [Substring]) throws -> Event? {
        var event = Event(id: 0, kind: "", data: .null)
        for line in lines {
            if line.hasPrefix(":") { comments += 1 }
            if line.hasPrefix("id: ") { event.id = try #require(Int(line.dropFirst(4))) }
            if line.hasPrefix("event: ") { event.kind = String(line.dropFirst(7)) }
            if line.hasPrefix("data: ") { event.data = try JSONValue(parsing: String(line.dropFirst(6))) }
        }
        return event.kind.isEmpty ? nil : event
    }

    private static func blockEnd(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 2 else { return nil }
        return (1..<bytes.count).first { bytes[$0] == 10 && bytes[$0 - 1] == 10 }.map { $0 - 1 }
    }
}
