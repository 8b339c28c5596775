import TensorFormats
import Testing

@testable import ClassifierService

/// The memory for a body is linear in its length, for any content and any reader.
@Suite(.disabled(if: ThreadSanitizer.isOn, "the sanitizer's own memory is many times the process's")) struct BodyMemoryTests {
    /// A body that is small but looks large, and where it is sent.
    struct Attack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var method = "POST"
        var path: String
        var contentType: String? = "application/json"
        var fields = ""
        let body: @Sendable () throws -> [UInt8]
    }

    private static let size = 256 << 10
    /// Allowed per octet: the body, its numbers as Float64 twice while their array grows, and what is made of them.
    private static let perOctet = 12
    /// Allowed per request of any length, including what the allocator keeps.
    private static let constant = 4 << 20

    /// Repeats a text up to the size.
    private static func repeated(_ first: String = "", _ text: String, _ last: String = "") -> [UInt8] {
        Array((first + String(repeating: text, count: size / text.utf8.count) + last).utf8)
    }

    private static func safetensors(_ header: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header
    }

    private static func safetensors(_ entries: (Int) -> String) -> [UInt8] {
        var header = ""
        var index = 0
        while header.utf8.count < size {
            header += (index == 0 ? "{" : ",") + entries(index)
            index += 1
        }
        return safetensors(Array((header + "}").utf8))
    }

    private static func empty(_ index: Int) -> String { "\"t\(index)\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[0,0]}" }

    private static func metadata(_ key: String, _ value: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("__metadata__")
        writer.beginObject()
        for (name, text) in ["format": "accrue/1", "config": #"{"dimension":1}"#, "labels": "[]", "samples": "0", "version": "0"] {
            writer.key(name)
            writer.write(name == key ? value : text)
        }
        writer.endObject()
        writer.endObject()
        return safetensors(writer.array)
    }

    private static func text(_ part: String) -> String {
        "[" + String(repeating: part + ",", count: size / (part.utf8.count + 1)) + part + "]"
    }

    private static func entries(_ count: Int, _ name: (Int) -> String) -> [UInt8] {
        ZipArchive.encode((0..<count).map { ZipArchive.Entry(name: name($0), data: []) })
    }

    private static let (learn, predict, infer) = ("/v1/models/m/learn", "/v1/models/m/predict", "/v2/models/m/infer")

    static let snapshots = [
        Attack("empty tensors") { safetensors(empty) },
        Attack("entries of metadata") { safetensors { $0 == 0 ? "\"__metadata__\":{\"-\":\"\"" : "\"\($0)\":\"\"" } },
        Attack("one tensor twice") { safetensors { _ in empty(0) } },
        Attack("a wide configuration") { metadata("config", text("0")) },
        Attack("a wide version") { metadata("version", text("{}")) },
        Attack("many labels") { metadata("labels", text("\"\"")) },
        Attack("many labels that are numbers") { metadata("labels", text("0")) },
        Attack("a long label") { metadata("labels", "[\"" + String(repeating: "é", count: size / 2) + "\"]") },
        Attack("a long name") {
            safetensors { _ in "\"" + String(repeating: "x", count: size) + "\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[0,0]}" }
        },
    ]

    static let rows: [Attack] = [
        Attack("rows of one value", learn) { repeated("{\"labels\":[\"a\"],\"features\":[[1]", ",[1]", "]}") },
        Attack("empty labels", learn) { repeated("{\"features\":[[1]],\"labels\":[\"a\"", ",\"\"", "]}") },
        Attack("short labels", learn) { repeated("{\"features\":[[1]],\"labels\":[0", ",0", "]}") },
        Attack("a long unknown key", learn) { repeated("{\"", "\\u0001", "\":1}") },
        Attack("many unknown keys", learn) { repeated("{\"a\":1", ",\"a\":1", "}") },
        Attack("a key twice", learn) { repeated("{\"labels\":[0", ",0", "],\"labels\":[]}") },
        Attack("deep", learn) { repeated("{\"a\":", "[") },
        Attack("wide", predict) { repeated("{\"a\":[0", ",[]", "]}") },
        Attack("a row that is too long", predict) { repeated("{\"features\":[[1", ",1", "]]}") },
        Attack("a long number", predict) { repeated("{\"features\":[[1", "0", "]]}") },
        Attack("many rows and no end", predict) { repeated("{\"features\":[[1]", ",[1]", "") },
        Attack("lines", "/v1/models/m/predict", "application/x-ndjson") { repeated("", "{\"features\":[1]}\n", "x") },
        Attack("empty lines", "/v1/models/m/unlearn", "application/x-ndjson") { repeated("", "\r\n", "x") },
        Attack("one line", predict, "application/x-ndjson") { repeated("", " ", "") },
        Attack("labelled lines", "/v1/models/m/unlearn", "application/x-ndjson") { repeated("", "{\"label\":0,\"features\":[1]}\n", "x") },
        Attack("npy header", predict, "application/x-npy") {
            [0x93] + Array("NUMPY".utf8) + [2, 0, 255, 255, 0, 0] + repeated("{'a':'", "x", "")
        },
        Attack("entries", learn, "application/x-npz") { entries(3000) { "\($0)" } },
        Attack("entries of long names", learn, "application/x-npz") { entries(5) { String(repeating: "x", count: 25_000) + "\($0)" } },
        Attack("one entry twice", predict, "application/x-npz") { entries(3000) { $0 < 2999 ? "\($0)" : "0" } },
        Attack("tensors", learn, "application/vnd.safetensors") { safetensors(empty) },
        Attack("labels in metadata", learn, "application/vnd.safetensors") { metadata("labels", text("\"a\"")) },
        Attack("unknown members", infer) { repeated("{\"a\":0", ",\"a\":[{}]", "}") },
        Attack("a long id", infer) { repeated("{\"id\":\"", "x", "\"}") },
        Attack("a long shape", infer) { repeated("{\"inputs\":[{\"name\":\"features\",\"shape\":[1", ",1", "]}]}") },
        Attack("many inputs", infer) { repeated("{\"inputs\":[{}", ",{\"name\":\"x\"}", "]}") },
        Attack("many outputs", infer) { repeated("{\"outputs\":[{\"name\":\"label\"}", ",{\"name\":\"score\"}", "]}") },
        Attack("values", infer) {
            repeated("{\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP64\",\"shape\":[4000000,1],\"data\":[1", ",1", "]}]}")
        },
        Attack("integers", infer) {
            repeated("{\"inputs\":[{\"name\":\"features\",\"datatype\":\"UINT8\",\"shape\":[4000000,1],\"data\":[[1]", ",[1]", "]}]}")
        },
        Attack("a raw tensor", infer, "application/octet-stream", "Inference-Header-Content-Length: 0\r\n") {
            [UInt8](repeating: 255, count: size)
        },
        Attack("binary", infer, "application/octet-stream", "Inference-Header-Content-Length: \(size)\r\n") {
            repeated("{\"inputs\":[", " ", "")
        },
    ]

    /// Content that is small on the wire and large in memory is checked against the limit of a body.
    static let compressed: [Attack] = [
        Attack("deflated zeros", learn, "application/x-npz") {
            let zeros = [UInt8](repeating: 0, count: 2 << 20)
            return ZipArchive.encode([ZipArchive.Entry(name: "features.npy", data: Compressed.deflatedZeros(zeros.count), content: zeros)])
        },
        Attack("gzip", infer, nil, "Content-Encoding: gzip\r\n") {
            let zeros = [UInt8](repeating: 0, count: 2 << 20)
            return Compressed.member(zeros, deflated: Compressed.deflatedZeros(zeros.count))
        },
    ]

    @Test func bodies_takeMemoryForWhatTheyHave() throws {
        let models = KeptModels()
        // Returned memory is not kept: the next request starts where the last one did.
        let server = try ServerProcess(
            data: models.path, ["--max-body", "1M"], environment: ["MALLOC_MMAP_THRESHOLD_": "32768", "MALLOC_TRIM_THRESHOLD_": "0"])
        defer { server.kill() }
        let client = TestClient(port: server.port)
        #expect(try client.send("PUT", "/v1/models/m", #"{"dimension":1}"#).status == 201)
        #expect(try client.send("POST", Self.learn, #"{"features":[[1]],"labels":["a"]}"#).status == 200)
        let memory = ProcessMemory(identifier: server.executable.identifier)

        func send(_ attack: Attack, limit: (Int) -> Int) throws {
            let body = try attack.body()
            let head = "\(attack.method) \(attack.path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n"
            let type = attack.contentType.map { "Content-Type: \($0)\r\n" } ?? ""
            try memory.forgetPeak()
            let before = try memory.resident
            try client.write(Array((head + type + attack.fields + "\r\n").utf8) + body)
            let reply = try client.readReply()
            #expect((400..<500).contains(reply.status), "\(attack) at \(attack.path): \(reply.status) \(reply.text.prefix(300))")
            #expect(reply.body.count <= 6 * Problem.maximumDetail + 512, "\(attack): the answer has \(reply.body.count) bytes")
            let taken = max(0, try memory.peak - before)
            #expect(taken <= limit(body.count), "\(attack) at \(attack.path): \(taken) bytes for \(body.count)")
        }

        for attack in Self.snapshots {
            for (method, path) in [("PUT", "/v1/models/m/snapshot"), ("PUT", "/v1/models/new/snapshot"), ("POST", "/v1/models/m/merge")] {
                var attack = attack
                (attack.method, attack.path) = (method, path)
                try send(attack) { Self.perOctet * $0 + Self.constant }
            }
        }
        for attack in Self.rows { try send(attack) { Self.perOctet * $0 + Self.constant } }
        // A compressed body counts with its largest possible size: the limit of any body.
        for attack in Self.compressed { try send(attack) { _ in 4 * (1 << 20) + Self.constant } }
        #expect(try client.send("GET", "/healthz").status == 200)
    }
}

extension BodyMemoryTests.Attack {
    init(
        _ description: String, _ path: String = "", _ contentType: String? = "application/json", _ fields: String = "",
        _ body: @escaping @Sendable () throws -> [UInt8]
    ) {
        self.init(testDescription: description, path: path, contentType: path.isEmpty ? nil : contentType, fields: fields, body: body)
    }
}
