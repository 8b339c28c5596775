internal import HTTPServer
internal import TensorFormats

/// The text of an answer in parts: fixed ones, and runs of items, one per class of a model or per model of a server.
///
/// It can be written in pieces: however long it is, only one piece is in memory. Each item has a bounded length; a label has at most six
/// times its 1,024 bytes.
struct AnswerText: Sendable {
    private enum Part: Sendable {
        case fixed(@Sendable (inout JSONWriter) -> Void)
        case run(count: Int, @Sendable (inout JSONWriter, Int) -> Void)
    }

    /// A place between two items.
    struct Place: Sendable {
        fileprivate var part = 0
        fileprivate var item = 0
    }

    let status: Status
    private var parts: [Part] = []
    private(set) var itemCount = 0

    init(_ status: Status = .ok) { self.status = status }

    /// A text that is already written.
    init(_ octets: [UInt8]) {
        status = .ok
        add(octets: octets)
    }

    /// A JSON object of bounded length.
    init(_ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.beginObject()
        body(&writer)
        writer.endObject()
        self.init(writer.array)
    }

    /// Adds a part of bounded length.
    mutating func add(_ write: @escaping @Sendable (inout JSONWriter) -> Void) { parts.append(.fixed(write)) }

    /// Adds written octets.
    mutating func add(octets: [UInt8]) { add { writer in octets.withUnsafeBytes { writer.append(octets: $0) } } }

    /// Adds a number of items, written by index.
    mutating func add(_ count: Int, _ write: @escaping @Sendable (inout JSONWriter, Int) -> Void) {
        parts.append(.run(count: count, write))
        itemCount += count
    }

    /// Continues writing from a place.
    ///
    /// - Parameter limit: octets in the writer after which no further item is started.
    /// - Returns: whether the end of the text was reached.
    func write(from place: inout Place, to writer: inout JSONWriter, limit: Int) -> Bool {
        while place.part < parts.count {
            guard writer.count < limit else { return false }
            switch parts[place.part] {
            case .fixed(let write):
                write(&writer)
                place.part += 1
            case .run(let count, let write):
                if place.item < count {
                    write(&writer, place.item)
                    place.item += 1
                }
                if place.item == count { (place.part, place.item) = (place.part + 1, 0) }
            }
        }
        return true
    }

    /// The whole answer, for an answer that is kept.
    var response: Response {
        var (place, writer) = (Place(), JSONWriter())
        _ = write(from: &place, to: &writer, limit: .max)
        return Response(status, contentType: "application/json", bytes: writer.array)
    }

    /// The number of octets.
    ///
    /// - Parameter isWanted: called now and then; false ends the count.
    /// - Complexity: that of writing the whole text, with memory for one piece.
    func count(isWanted: () -> Bool) -> Int? {
        var (place, writer, total) = (Place(), JSONWriter(), 0)
        while true {
            let isWhole = write(from: &place, to: &writer, limit: AnswerSender.pieceSize)
            total += writer.count
            if isWhole { return total }
            guard isWanted() else { return nil }
            writer.drain()
        }
    }
}
