/// A request of a history.
struct HistoryRequest: Sendable {
    var method: String
    var path: String
    var body: [UInt8]?
    var contentType: String?
    var key: String?
    /// More header fields.
    var fields: [String] = []
    /// Where to cut the body for sending it in chunks; nil sends it whole.
    var cuts: [Int]?

    init(_ method: String, _ path: String, _ body: [UInt8]? = nil, contentType: String? = nil) {
        self.method = method
        self.path = path
        self.body = body
        self.contentType = contentType
    }

    init(_ method: String, _ path: String, json: String) {
        self.init(method, path, Array(json.utf8), contentType: "application/json")
    }

    /// The octets of the whole request.
    var octets: [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
        if let key { head += "Idempotency-Key: \(key)\r\n" }
        if let contentType, body != nil { head += "Content-Type: \(contentType)\r\n" }
        for field in fields { head += field + "\r\n" }
        guard let body else { return Array((head + "\r\n").utf8) }
        guard let cuts else { return Array((head + "Content-Length: \(body.count)\r\n\r\n").utf8) + body }
        var octets = Array((head + "Transfer-Encoding: chunked\r\n\r\n").utf8)
        var start = 0
        for cut in cuts.sorted() + [body.count] where cut > start && cut <= body.count {
            octets += Array("\(String(cut - start, radix: 16))\r\n".utf8) + body[start..<cut] + [13, 10]
            start = cut
        }
        return octets + Array("0\r\n\r\n".utf8)
    }

    /// One line.
    var summary: String {
        let text = body.map { body in
            body.allSatisfy { (32...126).contains($0) || $0 >= 128 || $0 == 10 }
                ? " " + String(decoding: body.prefix(160), as: UTF8.self).replacing("\n", with: "⏎") : " \(body.count) bytes"
        }
        return "\(method) \(path)" + (key.map { " key \($0)" } ?? "") + (contentType.map { " \($0)" } ?? "") + (text ?? "")
    }
}
