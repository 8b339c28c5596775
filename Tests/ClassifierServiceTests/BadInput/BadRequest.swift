import Foundation
import HTTPServer
import TensorFormats
import Testing

@testable import ClassifierService
@testable import ModelHost

/// A request that must be refused, and what its problem must name.
struct BadRequest: Sendable, CustomTestStringConvertible {
    let name: String
    var method = "POST"
    let path: String
    var contentType: String? = "application/json"
    let body: [UInt8]
    let status: Int
    /// Words of the problem's `detail`: the row, the field, the expected value.
    let names: [String]

    init(_ name: String, _ method: String = "POST", _ path: String, _ body: String, _ status: Int = 400, names: [String]) {
        self.init(name, method, path, bytes: Array(body.utf8), status, names: names)
    }

    init(
        _ name: String, _ method: String = "POST", _ path: String, bytes: [UInt8], contentType: String? = "application/json",
        _ status: Int = 400, names: [String]
    ) {
        self.name = name
        self.method = method
        self.path = path
        self.contentType = contentType
        self.body = bytes
        self.status = status
        self.names = names
    }

    var testDescription: String { name }

    /// Sends the request to a service with one small model `m`, and compares everything visible with what it was before.
    func expectRefusal() throws {
        let service = try TestService {
            $0.host.maximumMemory = 64 << 20
            $0.server.maximumBodySize = 4 << 20
        }
        let model = ModelClient(service)
        #expect(try model.create(#"{"dimension":2}"#).status == 201)
        #expect(try model.learn([[1, 0], [0, 1]], ["a", "b"]).status == 200)
        let before = try model.state(probe: [0.5, 0.25])
        let list = try model.client.send("GET", "/v1/models").text
        let reserved = service.reservedBytes

        let reply = try service.client().send(method, path, body, contentType: contentType)

        #expect(reply.status == status, "\(reply.text)")
        let detail = reply.problemDetail
        #expect(!detail.isEmpty, "no problem: \(reply.fields) \(reply.text)")
        for name in names { #expect(detail.contains(name), "\"\(name)\" is not in: \(detail)") }
        #expect(detail.utf8.count < 2048, "the detail repeats the input")
        #expect(try model.state(probe: [0.5, 0.25]) == before)
        #expect(try model.client.send("GET", "/v1/models").text == list)
        #expect(service.reservedBytes == reserved)
    }
}
