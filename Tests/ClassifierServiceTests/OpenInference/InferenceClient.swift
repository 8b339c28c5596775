import TensorFormats

@testable import ClassifierService

/// Speaks the Open Inference Protocol to one model.
struct InferenceClient {
    let client: TestClient
    var model = "m"

    var path: String { "/v2/models/\(model)/infer" }

    /// Sends octets as an inference request.
    ///
    /// - Parameter headerCount: the value of `Inference-Header-Content-Length`; nil omits it.
    func infer(_ body: [UInt8], headerCount: Int? = nil, fields: [String] = [], path: String? = nil) throws -> Reply {
        var head = "POST \(path ?? self.path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n"
        if let headerCount { head += "Inference-Header-Content-Length: \(headerCount)\r\n" }
        for field in fields { head += field + "\r\n" }
        try client.write(Array((head + "\r\n").utf8) + body)
        return try client.readReply()
    }

    /// Sends JSON as an inference request.
    func infer(_ json: String, fields: [String] = [], path: String? = nil) throws -> Reply {
        try infer(Array(json.utf8), fields: fields, path: path)
    }

    /// A request with rows of FP32 as binary data.
    static func binary(_ rows: [[Float]], members: String = "") -> (body: [UInt8], headerCount: Int) {
        let octets = rows.flatMap { $0 }.withUnsafeBytes { Array($0) }
        let header = """
            {"inputs":[{"name":"features","datatype":"FP32","shape":[\(rows.count),\(rows[0].count)],\
            "parameters":{"binary_data_size":\(octets.count)}}]\(members)}
            """
        return (Array(header.utf8) + octets, header.utf8.count)
    }

    /// A request with rows as JSON.
    static func json(_ rows: [[Double]], datatype: String = "FP32", members: String = "") -> String {
        let data = rows.map { "[" + $0.map { "\($0)" }.joined(separator: ",") + "]" }.joined(separator: ",")
        return """
            {"inputs":[{"name":"features","datatype":"\(datatype)","shape":[\(rows.count),\(rows[0].count)],"data":[\(data)]}]\(members)}
            """
    }
}

/// The outputs of an answer by name, in either form.
struct InferenceOutputs {
    var names: [String] = []
    var datatypes: [String: String] = [:]
    var shapes: [String: [Int]] = [:]
    var texts: [String: [String]] = [:]
    var numbers: [String: [Float]] = [:]
    /// Octets that belong to no output.
    var rest = 0

    init(_ reply: Reply) throws {
        let count = reply.fields["inference-header-content-length"].flatMap { Int($0) } ?? reply.body.count
        let json = try JSONValue(parsing: String(decoding: reply.body[..<count], as: UTF8.self))
        var binary = reply.body[count...]
        for output in json["outputs"].array ?? [] {
            let name = output["name"].string ?? ""
            names.append(name)
            datatypes[name] = output["datatype"].string
            shapes[name] = output["shape"].array?.compactMap(\.int)
            if let size = output["parameters"]["binary_data_size"].int {
                let octets = Array(binary.prefix(size))
                binary = binary.dropFirst(size)
                if output["datatype"].string == "BYTES" {
                    texts[name] = Self.texts(octets)
                } else {
                    numbers[name] = octets.withUnsafeBytes { bytes in
                        (0..<size / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
                    }
                }
            } else if output["datatype"].string == "BYTES" {
                texts[name] = output["data"].array?.compactMap(\.string)
            } else {
                numbers[name] = output["data"].array?.compactMap { $0.double.map { Float($0) } }
            }
        }
        rest = binary.count
    }

    private static func texts(_ octets: [UInt8]) -> [String] {
        var texts: [String] = []
        var rest = octets[...]
        while rest.count >= 4 {
            let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            texts.append(String(decoding: rest.dropFirst(4).prefix(length), as: UTF8.self))
            rest = rest.dropFirst(4 + length)
        }
        return texts
    }
}

extension Reply {
    /// The `error` of an answer in the protocol's form, or empty.
    var inferenceError: String {
        guard fields["content-type"] == "application/json", json.object?.entries.count == 1 else { return "" }
        return json["error"].string ?? ""
    }
}
