/// Turns octets into complete responses. Strict: a response outside the grammar is a problem.
struct ResponseReader {
    struct Response: Sendable {
        enum Framing: Sendable { case none, length, chunked, close }

        let version: String
        let status: Int
        let fields: [(name: String, value: String)]
        var framing = Framing.none
        var body: [UInt8] = []

        var text: String { String(decoding: body, as: UTF8.self) }

        func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

        subscript(_ name: String) -> String? {
            let values = all(name)
            return values.isEmpty ? nil : values.joined(separator: ", ")
        }
    }

    private(set) var finals: [Response] = []
    private(set) var interims: [Response] = []
    private(set) var problem: String?
    /// Responses that the test has examined.
    var taken = 0
    private var methods: [String]
    private var buffer: [UInt8] = []
    private var pending: Response?

    init(methods: [String] = []) {
        self.methods = methods
    }

    /// Octets that belong to no response yet.
    var leftOver: [UInt8] { pending == nil ? buffer : [] }

    mutating func expect(_ method: String, at index: Int) {
        while methods.count <= index { methods.append("GET") }
        methods[index] = method
    }

    mutating func feed(_ octets: some Sequence<UInt8>, isClosed: Bool) {
        buffer.append(contentsOf: octets)
        while problem == nil, step(isClosed) {}
    }

    private mutating func fail(_ text: String) -> Bool {
        problem = text
        return false
    }

    private mutating func step(_ isClosed: Bool) -> Bool {
        if pending == nil {
            guard let end = Self.find([13, 10, 13, 10], in: buffer, from: 0) else {
                if !buffer.isEmpty, !"HTTP/1.".utf8.starts(with: buffer.prefix(7)) { return fail("no status line") }
                return false
            }
            guard let head = Self.parseHead(Array(buffer[..<(end + 2)])) else { return fail("malformed response head") }
            buffer.removeFirst(end + 4)
            pending = head
        }
        guard var response = pending else { return false }
        if response.status < 200 {
            interims.append(response)
            pending = nil
            return true
        }
        guard takeBody(&response, isClosed) else { return false }
        finals.append(response)
        pending = nil
        return true
    }

    private static func parseHead(_ head: [UInt8]) -> Response? {
        var lines: [[UInt8]] = []
        var at = 0
        while let end = find([13, 10], in: head, from: at) {
            lines.append(Array(head[at..<end]))
            at = end + 2
        }
        guard let first = lines.first, first.count >= 13, first.starts(with: "HTTP/1.".utf8), first[8] == 32, first[12] == 32,
            let status = Int(String(decoding: first[9..<12], as: UTF8.self))
        else { return nil }
        var fields: [(name: String, value: String)] = []
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: 58), colon > 0, !line[..<colon].contains(32), !line.contains(13), !line.contains(10)
            else { return nil }
            let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
            fields.append((String(decoding: line[..<colon], as: UTF8.self).lowercased(), String(value.drop { $0 == " " })))
        }
        return Response(version: String(decoding: first[..<8], as: UTF8.self), status: status, fields: fields)
    }

    private mutating func takeBody(_ response: inout Response, _ isClosed: Bool) -> Bool {
        let method = finals.count < methods.count ? methods[finals.count] : "GET"
        if method == "HEAD" || response.status == 204 || response.status == 304 { return true }
        let lengths = response.all("content-length")
        if let coding = response["transfer-encoding"] {
            response.framing = .chunked
            guard lengths.isEmpty, coding == "chunked" else { return fail("bad framing of a response") }
            return takeChunks(&response, isClosed)
        }
        if let length = lengths.first {
            response.framing = .length
            guard Set(lengths).count == 1, let size = Int(length), size >= 0 else { return fail("bad Content-Length of a response") }
            guard buffer.count >= size else { return isClosed ? fail("closed before the end of the content") : false }
            response.body = Array(buffer[..<size])
            buffer.removeFirst(size)
            return true
        }
        response.framing = .close
        guard isClosed else { return false }
        response.body = buffer
        buffer = []
        return true
    }

    private mutating func takeChunks(_ response: inout Response, _ isClosed: Bool) -> Bool {
        var body: [UInt8] = []
        var at = 0
        while let end = Self.find([13, 10], in: buffer, from: at) {
            guard let size = Int(String(decoding: buffer[at..<end], as: UTF8.self), radix: 16), size >= 0 else {
                return fail("bad chunk size of a response")
            }
            at = end + 2
            guard buffer.count >= at + size + 2 else { break }
            guard buffer[at + size] == 13, buffer[at + size + 1] == 10 else { return fail("no CR LF behind a response chunk") }
            body += buffer[at..<(at + size)]
            at += size + 2
            if size == 0 {
                buffer.removeFirst(at)
                response.body = body
                return true
            }
        }
        return isClosed ? fail("closed inside a chunked response") : false
    }

    private static func find(_ needle: [UInt8], in hay: [UInt8], from start: Int) -> Int? {
        guard hay.count >= start + needle.count else { return nil }
        for at in start...(hay.count - needle.count) where hay[at] == needle[0] {
            if hay[at..<(at + needle.count)].elementsEqual(needle) { return at }
        }
        return nil
    }
}
