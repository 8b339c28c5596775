internal import TensorFormats

/// The encoding of server-sent events (WHATWG HTML, section 9.2).
enum EventFrame {
    /// A comment, which clients ignore: it shows that both sides are alive, and keeps proxies from closing the connection.
    static let keepAlive = Array(": keep-alive\n\n".utf8)

    /// The content of an event: one JSON object without line ends.
    static func data(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        body(&writer)
        writer.endObject()
        return writer.array
    }

    /// One event.
    static func encode(_ kind: EventKind, id: Int, data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveAppending(data.count + 64)
        bytes += "id: ".utf8
        bytes += String(id).utf8
        bytes += "\nevent: ".utf8
        bytes += UnsafeRawBufferPointer(start: kind.name.utf8Start, count: kind.name.utf8CodeUnitCount)
        bytes += "\ndata: ".utf8
        bytes += data
        bytes += "\n\n".utf8
        return bytes
    }

    /// The event that reports how many others were missed; nil if unknown.
    static func dropped(_ count: Int?, id: Int) -> [UInt8] {
        encode(
            .dropped, id: id,
            data: data { writer in
                writer.member("events", count)
            })
    }
}
