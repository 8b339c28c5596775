import CommandSupport
import Foundation
import TensorFormats

/// Labelled rows in files: the same ones as npz and as NDJSON.
struct LoadFiles {
    let npz: String
    let ndjson: String

    /// Writes both.
    ///
    /// - Parameters:
    ///   - directory: exists.
    ///   - rows: their number; classes take turns, each around a mean of its own.
    init(in directory: String, rows: Int, dimension: Int, classes: Int) throws {
        npz = directory + "/rows.npz"
        ndjson = directory + "/rows.ndjson"
        var generator = SeededGenerator(seed: 5)
        let means = (0..<(classes * dimension)).map { _ in Float.random(in: -0.3...0.3, using: &generator) }
        let features = [Float](unsafeUninitializedCapacity: rows * dimension) { values, count in
            for row in 0..<rows {
                let mean = row % classes * dimension
                for index in 0..<dimension {
                    values[row * dimension + index] = means[mean + index] + Float.random(in: -1...1, using: &generator)
                }
            }
            count = values.count
        }
        let labels = (0..<rows).map { Int64($0 % classes) }
        try Self.writeNpz(npz, features, labels, rows: rows, dimension: dimension)
        try Self.writeNDJSON(ndjson, features, labels, dimension: dimension)
    }

    // MARK: NDJSON

    private static func writeNDJSON(_ path: String, _ features: [Float], _ labels: [Int64], dimension: Int) throws {
        let file = try open(path)
        defer { try? file.close() }
        for first in stride(from: 0, to: labels.count, by: 256) {
            var text: [UInt8] = []
            for row in first..<min(first + 256, labels.count) {
                var writer = JSONWriter()
                writer.beginObject()
                writer.key("features")
                writer.beginArray()
                for index in 0..<dimension { writer.write(features[row * dimension + index]) }
                writer.endArray()
                writer.member("label", Int(labels[row]))
                writer.endObject()
                text += writer.array
                text.append(UInt8(ascii: "\n"))
            }
            try file.write(contentsOf: Data(text))
        }
    }

    // MARK: npz

    /// A zip file of two stored arrays (APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16).
    private static func writeNpz(_ path: String, _ features: [Float], _ labels: [Int64], rows: Int, dimension: Int) throws {
        let file = try open(path)
        defer { try? file.close() }
        var directory: [UInt8] = []
        var offset = 0
        let parts = [
            ("features.npy", header("<f4", "(\(rows), \(dimension))") + features.withUnsafeBytes { Array($0) }),
            ("labels.npy", header("<i8", "(\(rows),)") + labels.withUnsafeBytes { Array($0) }),
        ]
        for (name, content) in parts {
            guard offset + content.count < Int(UInt32.max) else { throw BenchError("--rows is too large: they do not fit an npz file") }
            let entry = entry(name, content)
            let local = little(UInt32(0x0403_4B50)) + entry + Array(name.utf8)
            directory += little(UInt32(0x0201_4B50)) + little(UInt16(20)) + entry
            // No comment, first disk, no attributes.
            directory += [UInt8](repeating: 0, count: 10) + little(UInt32(offset)) + Array(name.utf8)
            try file.write(contentsOf: Data(local))
            try file.write(contentsOf: Data(content))
            offset += local.count + content.count
        }
        let count = little(UInt16(parts.count))
        let end = little(UInt32(0x0605_4B50)) + [0, 0, 0, 0] + count + count
        let place = little(UInt32(directory.count)) + little(UInt32(offset)) + [0, 0]
        try file.write(contentsOf: Data(directory + end + place))
    }

    /// What the local and the central header of a stored entry have in common, from the version needed on.
    private static func entry(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let size = little(UInt32(content.count))
        let checksum = content.withUnsafeBytes { CRC32.checksum(of: $0) }
        // No flags, no compression, midnight of 1 January 1980, no extra field.
        let start = little(UInt16(20)) + little(UInt16(0)) + little(UInt16(0)) + little(UInt16(0)) + little(UInt16(0x21))
        return start + little(checksum) + size + size + little(UInt16(name.utf8.count)) + little(UInt16(0))
    }

    /// The header of an npy file, version 1.0.
    private static func header(_ type: String, _ shape: String) -> [UInt8] {
        let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
        let padding = (64 - (10 + text.utf8.count + 1) % 64) % 64
        let line = Array(text.utf8) + [UInt8](repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
        return [0x93] + Array("NUMPY".utf8) + [1, 0] + little(UInt16(line.count)) + line
    }

    private static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    private static func open(_ path: String) throws -> FileHandle {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path) else {
            throw BenchError("\(path) cannot be written")
        }
        return file
    }
}
