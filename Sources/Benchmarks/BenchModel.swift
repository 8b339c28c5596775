import CommandSupport
import Foundation
import TensorFormats

/// A model of a served process, and bodies of random rows for it.
struct BenchModel {
    let client: HTTPClient
    let dimension: Int
    let classes: Int
    var name = "bench"
    static let path = "/v1/models/bench"

    /// - Parameter width: the length that `random_relu` maps to; nil for the identity map.
    func create(width: Int? = nil) throws {
        let map = width.map { ",\"feature_map\":{\"kind\":\"random_relu\",\"width\":\($0)}" } ?? ""
        try send("PUT", "", Array("{\"dimension\":\(dimension)\(map)}".utf8), expecting: 201)
        try send("POST", "/learn", body(rows: classes, from: 0, seed: 1))
    }

    /// Rows, with labels from class `firstClass` on if they are to be learned.
    func body(rows: Int, from firstClass: Int?, seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("features")
        writer.beginArray()
        for _ in 0..<rows {
            writer.beginArray()
            for _ in 0..<dimension { writer.write(Float.random(in: -1...1, using: &generator)) }
            writer.endArray()
        }
        writer.endArray()
        if let firstClass {
            writer.key("labels")
            writer.beginArray()
            for row in 0..<rows { writer.write("\((firstClass + row) % classes)" as String) }
            writer.endArray()
        }
        writer.endObject()
        return writer.array
    }

    @discardableResult
    func send(_ method: String, _ call: String, _ body: [UInt8] = [], expecting status: Int = 200) throws -> HTTPClient.Response {
        let path = "/v1/models/\(name)\(call)"
        let response = try client.send(method, path, body: body)
        guard response.status == status else {
            throw BenchError("\(method) \(path) answered \(response.status): \(response.text.prefix(200))")
        }
        return response
    }
}
