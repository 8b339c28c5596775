@testable import ClassifierService
@testable import TensorFormats

/// Rows as a body, in each format that the service accepts.
enum RowBody: CaseIterable, Sendable {
    case json, ndjson, npz, safetensors

    var contentType: String {
        switch self {
        case .json: "application/json"
        case .ndjson: "application/x-ndjson"
        case .npz: "application/x-npz"
        case .safetensors: "application/vnd.safetensors"
        }
    }

    /// Rows, with or without labels.
    func octets(_ rows: [[Double]], _ labels: [LabelBytes]?) throws -> [UInt8] {
        switch self {
        case .json: return labels.map { Bodies.learn(rows, $0.map(\.text)) } ?? Bodies.predict(rows)
        case .ndjson: return Self.lines(rows, labels)
        case .npz:
            var members = [("features.npy", ArrayBodies.npy(rows))]
            if let labels { members.append(("labels.npy", Self.npy(labels))) }
            return Self.archive(members)
        case .safetensors:
            return try ArrayBodies.safetensors(rows, labels: labels.map { JSONValue.array($0.map { .string($0.text) }).description })
        }
    }

    private static func lines(_ rows: [[Double]], _ labels: [LabelBytes]?) -> [UInt8] {
        var octets: [UInt8] = []
        for (index, row) in rows.enumerated() {
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("features")
            writer.beginArray()
            for value in row { writer.write(value) }
            writer.endArray()
            if let labels {
                writer.key("label")
                // An integer is kept as its digits.
                if let number = Int(labels[index].text), "\(number)" == labels[index].text {
                    writer.write(number)
                } else {
                    writer.write(labels[index].text)
                }
            }
            writer.endObject()
            octets += writer.array + [10]
        }
        return octets
    }

    /// An npy file of text in UCS-4.
    private static func npy(_ labels: [LabelBytes]) -> [UInt8] {
        let texts = labels.map { Array($0.text.unicodeScalars) }
        let length = texts.map(\.count).max() ?? 1
        var data: [UInt8] = []
        for text in texts {
            for index in 0..<length {
                let scalar = index < text.count ? text[index].value : 0
                data += (0..<4).map { UInt8(truncatingIfNeeded: scalar >> (8 * $0)) }
            }
        }
        var header = "{'descr': '<U\(length)', 'fortran_order': False, 'shape': (\(labels.count),), }"
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)] + Array(header.utf8)
            + data
    }

    /// A zip archive of stored members.
    private static func archive(_ members: [(name: String, content: [UInt8])]) -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var (file, directory): ([UInt8], [UInt8]) = ([], [])
        for (name, content) in members {
            let checksum = Int(content.withUnsafeBytes { CRC32.checksum(of: $0) })
            let common =
                little(20, 2) + little(0, 2) + little(0, 2) + little(0, 2) + little(0x21, 2) + little(checksum, 4)
                + little(content.count, 4) + little(content.count, 4) + little(name.utf8.count, 2) + little(0, 2)
            directory += little(0x0201_4B50, 4) + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4)
            directory += little(file.count, 4) + Array(name.utf8)
            file += little(0x0403_4B50, 4) + common + Array(name.utf8) + content
        }
        let end = little(0x0605_4B50, 4) + little(0, 4) + little(members.count, 2) + little(members.count, 2)
        return file + directory + end + little(directory.count, 4) + little(file.count, 4) + little(0, 2)
    }
}
