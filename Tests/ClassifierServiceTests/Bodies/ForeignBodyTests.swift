import Foundation
import HTTPServer
import Testing

@testable import ClassifierService
@testable import TensorFormats

/// Bodies from other programs: read, or refused with the expected form.
@Suite struct ForeignBodyTests {
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let lineTypes = [
        "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonl", "application/jsonlines",
        "application/x-jsonlines", "application/json-lines", "Application/JSONL; charset=utf-8",
    ]

    private func model(_ configuration: String = #"{"dimension":2}"#) throws -> (TestService, ModelClient) {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(configuration)
        return (service, model)
    }

    // MARK: Byte order marks

    @Test func marksArePassedOverByEveryCall() throws {
        let service = try TestService()
        defer { service.service.stop(within: 1) }
        let model = ModelClient(service)
        let (rows, labels) = (ArrayBodies.features, ArrayBodies.labels)
        let lines = "application/x-ndjson"
        func send(_ method: String, _ path: String, _ body: [UInt8], _ type: String = "application/json") throws {
            let reply = try model.client.send(method, path, Self.mark + body, contentType: type)
            #expect((200..<300).contains(reply.status), "\(method) \(path) \(type): \(reply.text)")
        }
        try send("PUT", model.path, Array(#"{"dimension":2}"#.utf8))
        try send("POST", model.path + "/learn", Bodies.learn(rows, labels))
        try send("POST", model.path + "/learn", ArrayBodies.lines(rows, labels), lines)
        try send("POST", model.path + "/unlearn", Bodies.learn(rows, labels))
        try send("POST", model.path + "/unlearn", ArrayBodies.lines(rows, labels), lines)
        try send("POST", model.path + "/learn", Bodies.learn(rows, labels))
        try send("POST", model.path + "/predict", Bodies.predict(rows))
        try send("POST", model.path + "/predict", ArrayBodies.lines(rows), lines)
        try send("PATCH", model.path, Array(#"{"ridge":1}"#.utf8))
        try send("PATCH", model.path + "/classes/cat", Array(#"{"label":"tiger"}"#.utf8))
        try send("POST", "/v2/models/m/infer", Array(InferenceClient.json(rows).utf8))
        #expect(try model.details()["samples"].int == 4)
    }

    @Test func aMarkInPiecesOfOneOctetIsPassedOver() throws {
        let (service, model) = try model()
        defer { service.service.stop(within: 1) }
        let body = Self.mark + ArrayBodies.lines([[1, 2]], ["cat"])
        try model.client.write(
            Array(
                "POST \(model.path)/learn HTTP/1.1\r\nHost: a\r\nContent-Type: application/jsonl\r\nTransfer-Encoding: chunked\r\n\r\n".utf8
            ))
        for octet in body { try model.client.write(Array("1\r\n".utf8) + [octet] + [13, 10]) }
        try model.client.write(Array("0\r\n\r\n".utf8))
        let reply = try model.client.readReply()
        #expect(reply.status == 200, "\(reply.text)")
        #expect(reply["new_classes"].array?.compactMap(\.string) == ["cat"])
    }

    @Test(arguments: ["application/json", "application/x-ndjson"]) func otherEncodingsAreNamed(_ type: String) throws {
        let (service, model) = try model()
        defer { service.service.stop(within: 1) }
        let body: [UInt8] = [0xFF, 0xFE] + #"{"features":[1,2],"label":"a"}"#.utf8.flatMap { [$0, 0] }
        for call in ["learn", "unlearn", "predict"] {
            let reply = try model.client.send("POST", "\(model.path)/\(call)", body, contentType: type)
            // A model without classes predicts nothing, whatever it is sent.
            if call == "predict" {
                #expect(reply.status >= 400)
            } else {
                #expect(reply.problemDetail.contains("begins with a byte order mark of UTF-16, expected UTF-8"))
            }
        }
    }

    @Test func tokenFilesAreReadBehindAMark() throws {
        let token = Array("write 0123456789abcdefghijkl\n".utf8)
        #expect(try TokenFile.parse(Self.mark + token, "tokens").shortest == 22)
        let error = #expect(throws: AccessError.self) { try TokenFile.parse([0xFF, 0xFE] + token, "tokens") }
        #expect("\(try #require(error))".contains("tokens begins with a byte order mark of UTF-16"))
    }

    // MARK: Media types

    @Test(arguments: lineTypes) func everyNameOfNDJSONIsTheSame(_ type: String) throws {
        let (service, model) = try model()
        defer { service.service.stop(within: 1) }
        let (rows, labels) = (ArrayBodies.features, ArrayBodies.labels)
        #expect(try model.client.send("POST", model.path + "/learn", ArrayBodies.lines(rows, labels), contentType: type).status == 200)
        #expect(try model.client.send("POST", model.path + "/predict", ArrayBodies.lines(rows), contentType: type).status == 200)
        #expect(try model.client.send("POST", model.path + "/unlearn", ArrayBodies.lines(rows, labels), contentType: type).status == 200)
        // Learned as it arrives: the problem says how many rows stay.
        let bad = try model.client.send("POST", model.path + "/learn", Array("{}\n".utf8), contentType: type)
        #expect(bad.status == 400 && bad["rows_applied"].int == 0)
    }

    @Test func theDocumentHasEveryNameOfNDJSON() throws {
        let service = try TestService()
        let document = try service.client().send("GET", "/openapi.json").text
        for type in Self.lineTypes.dropLast() { #expect(document.contains("\"\(type)\""), "\(type)") }
    }

    // MARK: What was expected

    @Test(arguments: [
        ("predict", #"{"instances":[[1,2]]}"#, "\"features\""), ("predict", #"{"inputs":[[1,2]]}"#, "\"features\""),
        ("learn", #"{"data":[[1,2]],"labels":["a"]}"#, "\"features\""), ("learn", #"{"X":[[1,2]],"y":["a"]}"#, "\"features\""),
        ("learn", #"{"features":[[1,2]],"y":["a"]}"#, "\"labels\""), ("learn", #"{"features":[[1,2]],"label":["a"]}"#, "\"labels\""),
        ("unlearn", #"{"instances":[[1,2]]}"#, "\"features\""),
        ("learn", "[[1,2]]", #"{"features": [[…], …], "labels": ["…", …]}"#),
        ("predict", "[[1,2]]", #"{"features": [[…], …]}"#),
    ]) func theExpectedNameIsTold(_ call: String, _ body: String, _ expected: String) throws {
        let (service, model) = try model()
        defer { service.service.stop(within: 1) }
        try model.learn([[1, 0]], ["a"])
        let reply = try model.client.send("POST", "\(model.path)/\(call)", body)
        #expect(reply.status == 400)
        #expect(reply.problemDetail.contains(expected), "\(reply.problemDetail)")
        #expect(try model.details()["samples"].int == 1)
    }

    @Test func theExpectedNameIsToldForLinesAndInferences() throws {
        let (service, model) = try model()
        defer { service.service.stop(within: 1) }
        try model.learn([[1, 0]], ["a"])
        let line = try model.client.send(
            "POST", model.path + "/learn", Array("{\"x\":[1,2],\"y\":\"a\"}\n".utf8), contentType: "application/jsonl")
        #expect(line.problemDetail.contains("line 1: \"x\" is not a known key; known keys are features, label: send rows as \"features\""))
        let inference = try InferenceClient(client: service.client()).infer(#"{"instances":[[1,2]]}"#)
        #expect(inference.status == 400 && inference.text.contains("features"), "\(inference.text)")
    }

    @Test func whatABodyLooksLikeIsTold() throws {
        let (service, model) = try model()
        defer { service.service.stop(within: 1) }
        try model.learn([[1, 0]], ["a"])
        let safetensors = try ArrayBodies.safetensors(ArrayBodies.features, labels: #"["a","b","a","b"]"#)
        for (name, body, type, expected) in [
            ("npz", ArrayBodies.compressed, nil, "looks like an npz file: send it with Content-Type: application/x-npz"),
            ("npz as lines", ArrayBodies.compressed, "application/x-ndjson", "looks like an npz file"),
            ("npz as npy", ArrayBodies.compressed, "application/vnd.safetensors", "looks like an npz file"),
            ("safetensors", safetensors, nil, "looks like a safetensors file: send it with Content-Type: application/vnd.safetensors"),
            ("npy", ArrayBodies.npy(ArrayBodies.features), nil, "looks like an npy file: send it as npz, with its labels"),
            ("gzip", [0x1F, 0x8B, 8, 0], nil, "looks like a gzip file: send it uncompressed"),
            ("parquet", Array("PAR1".utf8) + [0x15, 4], nil, "looks like a Parquet file: expected one of application/json"),
            ("parquet as npz", Array("PAR1".utf8) + [0x15, 4], "application/x-npz", "looks like a Parquet file"),
        ] as [(String, [UInt8], String?, String)] {
            let reply = try model.client.send("POST", model.path + "/learn", body, contentType: type)
            #expect(reply.status == 400 && reply.problemDetail.contains(expected), "\(name): \(reply.text)")
        }
        let npy = try model.client.send("POST", model.path + "/predict", ArrayBodies.npy(ArrayBodies.features), contentType: nil)
        #expect(npy.problemDetail.contains("looks like an npy file: send it with Content-Type: application/x-npy"))
    }

    @Test(arguments: [
        (
            #"{"dimension":2,"imbalance":"pseudo_features"}"#,
            #"imbalance must be an object, not a string; for example {"kind": "pseudo_features"}"#
        ),
        (#"{"dimension":2,"imbalance":"reweight"}"#, #"{"kind": "reweight"}"#),
        (#"{"dimension":2,"imbalance":true}"#, #"{"kind": "pseudo_features"}"#),
        (#"{"dimension":2,"feature_map":"random_relu"}"#, #"{"kind": "random_relu", "width": 2048}"#), ("[2]", #"{"dimension": 384}"#),
    ]) func configurationsThatAreNoObjectsAreShownOne(_ body: String, _ expected: String) throws {
        let service = try TestService()
        let reply = try service.client().send("PUT", "/v1/models/m", body)
        #expect(reply.status == 400 && reply.problemDetail.contains(expected), "\(reply.text)")
    }

    // MARK: Elements

    /// Files with the rows 1 2, 0 1, 3 0 and 1 1 in elements of a type.
    private static func elements(_ type: String) -> (npy: String?, bytes: [UInt8]) {
        let rows = [1, 2, 0, 1, 3, 0, 1, 1]
        func raw<Element: BitwiseCopyable>(_ convert: (Int) -> Element) -> [UInt8] { rows.map(convert).withUnsafeBytes(Array.init) }
        return switch type {
        case "F16": ("<f2", raw { Float16($0) })
        case "BF16": (nil, raw { UInt16(Float($0).bitPattern >> 16) })
        case "I8": ("|i1", raw { Int8($0) })
        case "I16": (">i2", raw { Int16($0).bigEndian })
        case "I32": ("<i4", raw { Int32($0) })
        case "I64": ("<i8", raw { Int64($0) })
        case "U8": ("|u1", raw { UInt8($0) })
        case "U16": ("<u2", raw { UInt16($0) })
        case "U32": (">u4", raw { UInt32($0).bigEndian })
        case "U64": ("<u8", raw { UInt64($0) })
        case "F32": ("<f4", raw { Float($0) })
        default: (">f8", raw { Double($0).bitPattern.bigEndian })
        }
    }

    private static func npy(_ type: String, _ shape: String, _ data: [UInt8]) -> [UInt8] {
        var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)] + Array(header.utf8)
            + data
    }

    /// A zip archive of files as they are.
    private static func npz(_ files: [(String, [UInt8])]) -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var (archive, directory): ([UInt8], [UInt8]) = ([], [])
        for (name, data) in files {
            let checksum = Int(data.withUnsafeBytes { CRC32.checksum(of: $0) })
            let fields =
                little(20, 2) + little(0, 8) + little(checksum, 4) + little(data.count, 4) + little(data.count, 4)
                + little(name.utf8.count, 2) + little(0, 2)
            directory += Array("PK\u{1}\u{2}".utf8) + little(20, 2) + fields + little(0, 10) + little(archive.count, 4) + Array(name.utf8)
            archive += Array("PK\u{3}\u{4}".utf8) + fields + Array(name.utf8) + data
        }
        let end = Array("PK\u{5}\u{6}".utf8) + little(0, 4) + little(files.count, 2) + little(files.count, 2)
        return archive + directory + end + little(directory.count, 4) + little(archive.count, 4) + little(0, 2)
    }

    private static func safetensors(_ type: String, _ data: [UInt8], labels: String?) -> [UInt8] {
        let metadata = labels.map { #""__metadata__":{"labels":"\#($0.replacingOccurrences(of: "\"", with: "\\\""))"},"# } ?? ""
        let header = #"{\#(metadata)"features":{"dtype":"\#(type)","shape":[4,2],"data_offsets":[0,\#(data.count)]}}"#
        return withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init) + Array(header.utf8) + data
    }

    @Test(arguments: ["F16", "BF16", "F32", "F64", "I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64"])
    func everyTypeIsLearnedUnlearnedAndPredictedExactly(_ type: String) throws {
        let (service, expected) = try model()
        defer { service.service.stop(within: 1) }
        let rows: [[Double]] = [[1, 2], [0, 1], [3, 0], [1, 1]]
        try expected.learn(rows, ["a", "b", "a", "c"])
        let prediction = try expected.predict(rows).text
        let (descriptor, data) = Self.elements(type)
        var bodies: [(String, [UInt8])] = []
        // Only npy can be big-endian.
        let isLittle = descriptor?.first != ">"
        if isLittle { bodies = [("application/vnd.safetensors", Self.safetensors(type, data, labels: #"["a","b","a","c"]"#))] }
        if let descriptor {
            let labels = Self.npy("|S1", "(4L,)", Array("abac".utf8))
            bodies.append(
                ("application/x-npz", Self.npz([("features.npy", Self.npy(descriptor, "(4L, 2L)", data)), ("labels.npy", labels)])))
            let npy = try expected.client.send(
                "POST", expected.path + "/predict", Self.npy(descriptor, "(4, 2)", data), contentType: "application/x-npy")
            #expect(npy.text == prediction, "\(npy.text)")
        }
        if isLittle {
            let reply = try expected.client.send(
                "POST", expected.path + "/predict", Self.safetensors(type, data, labels: nil), contentType: "application/vnd.safetensors")
            #expect(reply.text == prediction, "\(reply.text)")
        }
        for (number, (media, body)) in bodies.enumerated() {
            let other = ModelClient(service, "other\(number)")
            try other.create(#"{"dimension":2}"#)
            let learned = try other.client.send("POST", other.path + "/learn", body, contentType: media)
            #expect(learned.status == 200, "\(media): \(learned.text)")
            #expect(try other.snapshot().body == expected.snapshot().body)
            let unlearned = try other.client.send("POST", other.path + "/unlearn", body, contentType: media)
            #expect(unlearned.status == 200 && unlearned["samples"].int == 0, "\(media): \(unlearned.text)")
        }
    }

    @Test func integersThatNoDoubleIsAreRefusedByRowAndColumn() throws {
        let (service, model) = try model()
        defer { service.service.stop(within: 1) }
        try model.learn([[1, 0]], ["a"])
        let data = [1, 2, 3, Int64(1) << 53 + 1, 5, 6, 7, 8].withUnsafeBytes(Array.init)
        let body = Self.safetensors("I64", data, labels: #"["a","b","a","c"]"#)
        for call in ["learn", "unlearn"] {
            let reply = try model.client.send("POST", "\(model.path)/\(call)", body, contentType: "application/vnd.safetensors")
            #expect(reply.status == 400 && reply.problemDetail.contains("features[1][1] is 9007199254740993"), "\(reply.text)")
        }
        let reply = try model.client.send(
            "POST", model.path + "/predict", Self.npy("<i8", "(4, 2)", data), contentType: "application/x-npy")
        #expect(reply.status == 400 && reply.problemDetail.contains("features[1][1] is 9007199254740993"), "\(reply.text)")
        #expect(try model.details()["samples"].int == 1)
    }
}
