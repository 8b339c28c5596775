import Foundation

/// A blocking HTTP/1.1 client for one server over one connection. It keeps the connection, and reopens it after the server has closed it.
///
/// A client belongs to one thread at a time.
package final class HTTPClient {
    package struct Response {
        package var status: Int
        /// Names in lower case.
        var fields: [(name: String, value: String)] = []
        package var body: [UInt8] = []

        package var text: String { String(decoding: body, as: UTF8.self) }

        /// The value of a field, by its lower-case name.
        package func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    /// Credentials, timeouts, and the descriptor that ends waiting.
    package struct Settings: Sendable {
        /// Sent as `User-Agent`.
        package var userAgent = "accrue"
        /// Sent as `Authorization: Bearer`.
        package var token: String?
        /// Seconds until an address answers.
        package var connectTimeout = 10.0
        /// Seconds without a byte from the server.
        package var idleTimeout = 300.0
        /// A descriptor that ends all waiting when it becomes readable; -1 for none.
        package var abandonment: Int32 = -1

        package init() {}
    }

    /// The largest answer kept in memory.
    private static let maximumBody = 1 << 30

    package let url: ServerURL
    private let settings: Settings
    private var connection: HTTPConnection?
    private var reader: ResponseReader?

    package init(_ url: ServerURL, _ settings: Settings = Settings()) {
        self.url = url
        self.settings = settings
    }

    package convenience init(host: String, port: UInt16) { self.init(ServerURL(host: host, port: port)) }

    /// Sends a request and waits for its answer.
    ///
    /// - Throws: `HTTPFailure` if the server cannot be reached or its answer is invalid. An unanswered request may have taken effect, so it
    ///   is not resent here.
    package func send(
        _ method: String, _ path: String, contentType: String = "application/json", fields: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) throws -> Response {
        let content: RequestBody = body.isEmpty && (method == "GET" || method == "HEAD" || method == "DELETE") ? .none : .bytes(body)
        return try exchange(method, path, contentType: contentType, fields: fields, body: content)
    }

    /// Sends a request whose body or answer may be too large for memory.
    ///
    /// - Parameters:
    ///   - onHead: receives the answer's status and fields before its body.
    ///   - sink: receives the body of a 2xx answer in pieces. Other bodies, and all if nil, are kept in memory.
    package func exchange(
        _ method: String, _ path: String, contentType: String = "application/json", fields: [(name: String, value: String)] = [],
        body: RequestBody = .none, onHead: (Response) -> Void = { _ in }, sink: ((UnsafeRawBufferPointer) throws -> Void)? = nil
    ) throws -> Response {
        let head = head(method, path, contentType, fields, body)
        do {
            let reader = try open()
            let isWhole = try body.write(behind: head, to: connection!)
            let answer = try reader.head()
            var response = Response(status: answer.status, fields: answer.fields)
            onHead(response)
            let isKept = try reader.body(of: answer, hasBody: method != "HEAD") { piece in
                if let sink, (200..<300).contains(answer.status) { return try sink(piece) }
                guard piece.count <= Self.maximumBody - response.body.count else {
                    throw HTTPFailure(.invalid, "\(url.authority) sent an answer of more than \(Self.maximumBody) bytes")
                }
                response.body.append(contentsOf: piece)
            }
            // The rest of a partly sent body would be read as the next request.
            if !isKept || !isWhole { disconnect() }
            return response
        } catch {
            disconnect()
            throw error
        }
    }

    private func head(
        _ method: String, _ path: String, _ contentType: String, _ fields: [(name: String, value: String)], _ body: RequestBody
    ) -> [UInt8] {
        var head = "\(method) \(url.prefix)\(path) HTTP/1.1\r\nHost: \(url.authority)\r\nUser-Agent: \(settings.userAgent)\r\n"
        if let token = settings.token { head += "Authorization: Bearer \(token)\r\n" }
        for field in fields { head += "\(field.name): \(field.value)\r\n" }
        if case .none = body {} else { head += "Content-Type: \(contentType)\r\n" }
        return Array((head + body.framing + "\r\n").utf8)
    }

    private func open() throws(HTTPFailure) -> ResponseReader {
        if let connection, let reader, !connection.isStale { return reader }
        disconnect()
        let opened = try HTTPConnection(
            url, connectTimeout: settings.connectTimeout, idleTimeout: settings.idleTimeout, abandonment: settings.abandonment)
        let reader = ResponseReader(opened, authority: url.authority)
        connection = opened
        self.reader = reader
        return reader
    }

    private func disconnect() {
        connection = nil
        reader = nil
    }
}
