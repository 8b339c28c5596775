import TensorFormats
import Testing

@testable import ClassifierService

/// U+0000 in a label is refused wherever a label is accepted, with its place, and changes nothing.
@Suite struct NullLabelTests {
    private static let rows = [[1.0, 0], [0, 1]]

    /// A body whose second row has the label `a\0b`.
    private struct Body: Sendable, CustomTestStringConvertible {
        var type: String
        var bytes: [UInt8]
        var place = "labels[1]"
        var testDescription: String { type }
    }

    private static func npy(_ type: String, _ data: [UInt8]) -> [UInt8] {
        var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (2,), }"
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + data
    }

    private static func npz(_ type: String, _ labels: [UInt8]) -> [UInt8] {
        ZipArchive.encode([
            .init(name: "features.npy", data: ArrayBodies.npy(rows)), .init(name: "labels.npy", data: npy(type, labels)),
        ])
    }

    private static func bodies() throws -> [Body] {
        let unicode = "a\0\0a\0b".unicodeScalars.flatMap { scalar in withUnsafeBytes(of: scalar.value.littleEndian, Array.init) }
        return [
            Body(type: "application/json", bytes: Array(#"{"features":[[1,0],[0,1]],"labels":["a","a\u0000b"]}"#.utf8)),
            // Lines before a refused one are learned.
            Body(type: "application/x-ndjson", bytes: ArrayBodies.lines(rows, [#"a\u0000b"#, "a"]), place: "line 1: label"),
            Body(type: "application/x-npz", bytes: npz("<U3", unicode)),
            Body(type: "application/x-npz", bytes: npz("|S3", Array("a\0\0a\0b".utf8))),
            Body(type: "application/vnd.safetensors", bytes: try ArrayBodies.safetensors(rows, labels: #"["a","a\u0000b"]"#)),
        ]
    }

    @Test(arguments: ["learn", "unlearn"]) func rowsAreRefusedInEveryFormat(_ call: String) throws {
        try TestService.run { service in
            let model = ModelClient(service)
            try model.create(#"{"dimension":2}"#)
            #expect(try model.learn(Self.rows, ["a", "b"]).status == 200)
            let before = try model.state(probe: [1, 0])
            for body in try Self.bodies() {
                let reply = try model.client.send("POST", "\(model.path)/\(call)", body.bytes, contentType: body.type)
                #expect(reply.status == 400 && reply.problemDetail.contains("\(body.place) contains U+0000"), "\(body.type): \(reply.text)")
            }
            #expect(try model.state(probe: [1, 0]) == before)
        }
    }

    /// Zeros after a text are NumPy's padding, not part of it.
    @Test func paddingIsNoPartOfALabel() throws {
        try TestService.run { service in
            let model = ModelClient(service)
            try model.create(#"{"dimension":2}"#)
            let reply = try model.client.send(
                "POST", model.path + "/learn", Self.npz("|S3", Array("a\0\0abc".utf8)), contentType: "application/x-npz")
            #expect(reply.status == 200 && reply["new_classes"].array?.compactMap(\.string) == ["a", "abc"])
        }
    }

    @Test func namesAndSnapshotsAreRefused() throws {
        try TestService.run { service in
            let (model, other) = (ModelClient(service), ModelClient(service, "other"))
            try model.create(#"{"dimension":2}"#)
            try other.create(#"{"dimension":2}"#)
            #expect(try model.learn(Self.rows, ["a", "b"]).status == 200)
            let before = try model.state(probe: [1, 0])
            let renamed = try model.client.send("PATCH", model.path + "/classes/a", #"{"label":"a\u0000"}"#)
            #expect(renamed.status == 400 && renamed.problemDetail.contains("\"label\" contains U+0000"))
            #expect(
                try model.client.send("PATCH", model.path + "/classes/a", #"{"label":""}"#).problemDetail.contains("\"label\" is empty"))
            #expect(try model.client.send("DELETE", model.path + "/classes/a%00").status == 400)
            var snapshot = try EditedSnapshot(model.snapshot().body)
            snapshot.setMetadata("labels", #"["a","b\u0000"]"#)
            let bytes = try snapshot.encoded()
            for (method, path) in [
                ("PUT", "/v1/models/m/snapshot"), ("PUT", "/v1/models/new/snapshot"), ("POST", "/v1/models/other/merge"),
            ] {
                let reply = try model.client.send(method, path, bytes, contentType: "application/vnd.safetensors")
                #expect(reply.status == 400 && reply.problemDetail.contains("labels[1] contains U+0000"), "\(reply.text)")
            }
            #expect(try model.state(probe: [1, 0]) == before)
            #expect(try other.details()["samples"].int == 0 && service.modelNames == ["m", "other"])
        }
    }
}
