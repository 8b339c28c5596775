/// Writes response heads. `Server` and `Date`, which change at most once a second, are encoded once and copied.
struct ResponseWriter: ~Copyable {
    /// How a response says its content is delimited.
    enum Length {
        /// Not at all: there is none, or it ends with the connection.
        case unsaid
        case known(Int)
        case chunked
    }

    /// What a response says about the connection.
    enum Persistence {
        case unsaid
        case close
        /// Only said to HTTP/1.0 clients.
        case keepAlive
    }

    private let serverName: [UInt8]
    private var common = ByteBuffer()
    private var second = Int.min
    /// The fields of HTML content, without and with a `Content-Security-Policy`.
    private let htmlFields: [UInt8]
    private let htmlPolicy: [UInt8]

    init(serverName: String, htmlFields: [HeaderField] = []) {
        self.serverName = Array(serverName.utf8)
        self.htmlFields = FieldBlock(htmlFields.filter { !Self.isPolicy($0) }).octets
        htmlPolicy = FieldBlock(htmlFields.filter(Self.isPolicy)).octets
    }

    private static func isPolicy(_ field: HeaderField) -> Bool {
        UnsafeRawBufferPointer(start: field.name.utf8Start, count: field.name.utf8CodeUnitCount)
            .equalsIgnoringCase("content-security-policy")
    }

    /// Sets the time for `Date`.
    mutating func setTime(_ seconds: Int) {
        guard seconds != second else { return }
        second = seconds
        common.removeAll()
        if !serverName.isEmpty {
            common.append("Server: ")
            serverName.withUnsafeBytes { common.append($0) }
            common.append("\r\n")
        }
        common.append("Date: ")
        DateField.append(seconds, to: &common)
        common.append("\r\n")
    }

    /// Writes a head, with the empty line after it.
    func write(
        _ status: Status, contentType: StaticString?, headers: [HeaderField], number: NumberField? = nil, allow: MethodSet?,
        length: Length, persistence: Persistence, id: RequestID = RequestID(), fields: FieldBlock? = nil, into output: inout ByteBuffer
    ) {
        output.reserve(512)
        output.append("HTTP/1.1 ")
        output.append(decimal: Int(status.code))
        output.append(" ")
        output.append(status.reason)
        output.append("\r\n")
        output.append(common.bytes)
        if let contentType {
            output.append("Content-Type: ")
            output.append(contentType)
            output.append("\r\n")
            if Self.isHTML(contentType) {
                htmlFields.withUnsafeBytes { output.append($0) }
                if !headers.contains(where: Self.isPolicy) { htmlPolicy.withUnsafeBytes { output.append($0) } }
            }
        }
        switch length {
        case .unsaid: break
        case .known(let count):
            output.append("Content-Length: ")
            output.append(decimal: count)
            output.append("\r\n")
        case .chunked: output.append("Transfer-Encoding: chunked\r\n")
        }
        switch persistence {
        case .unsaid: break
        case .close: output.append("Connection: close\r\n")
        case .keepAlive: output.append("Connection: keep-alive\r\n")
        }
        if !id.isEmpty {
            output.append("X-Request-Id: ")
            id.withBytes { output.append($0) }
            output.append("\r\n")
        }
        if let fields { fields.octets.withUnsafeBytes { output.append($0) } }
        if let allow { Self.append(allow, to: &output) }
        if let number {
            output.append(number.name)
            output.append(": ")
            output.append(decimal: number.value)
            output.append("\r\n")
        }
        for field in headers {
            output.append(field.name)
            output.append(": ")
            for octet in field.value.utf8 { output.append(Octets.isFieldValue(octet) ? octet : 0x20) }
            output.append("\r\n")
        }
        output.append("\r\n")
    }

    private static func isHTML(_ contentType: StaticString) -> Bool {
        contentType.utf8CodeUnitCount >= 9
            && UnsafeRawBufferPointer(start: contentType.utf8Start, count: 9).equalsIgnoringCase("text/html")
    }

    /// `Allow`, with what the server adds: HEAD if there is GET, and OPTIONS.
    private static func append(_ methods: MethodSet, to output: inout ByteBuffer) {
        output.append("Allow: ")
        var isFirst = true
        for method in Method.allCases {
            let isImplied = method == .options || method == .head && methods.contains(.get)
            guard isImplied || methods.contains(method) else { continue }
            if !isFirst { output.append(", ") }
            output.append(method.name)
            isFirst = false
        }
        output.append("\r\n")
    }
}
