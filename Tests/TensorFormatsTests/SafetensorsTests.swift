import Testing

@testable import TensorFormats

@Suite struct SafetensorsTests {
    @Test func writtenFile_isReadBack() throws {
        var layout = SafetensorsLayout()
        try layout.addMetadata("format", "accrue/1")
        try layout.addTensor("a", type: .f64, shape: [2, 3])
        try layout.addTensor("empty", type: .f32, shape: [0, 5])
        try layout.addTensor("b", type: .i64, shape: [2])
        try layout.addChecksums()
        let file = try writeFile(layout) { writer throws(SafetensorsWritingError<Never>) in
            try writer.append([1.0, 2, 3, 4], to: "a")
            try writer.append([5.0, 6], to: "a")
            try writer.append([Int64(7), -8], to: "b")
        }
        #expect(file.count == layout.totalByteCount)
        try file.withUnsafeBytes { bytes in
            let reader = try SafetensorsReader(bytes)
            #expect(reader.metadata["format"] == "accrue/1")
            #expect(reader.tensors.map(\.name) == ["a", "empty", "b", "crc32c"])
            try reader.verifyChecksums()
            let a = try reader.requireTensor(named: "a", types: [.f64], shape: [2, 3])
            #expect(try reader.array(of: a, as: Double.self) == [1, 2, 3, 4, 5, 6])
            let b = try #require(reader.tensor(named: "b"))
            #expect(try reader.array(of: b, as: Int64.self) == [7, -8])
        }
    }

    private func writeFile(
        _ layout: SafetensorsLayout,
        _ body: (inout SafetensorsWriter<Never>) throws(SafetensorsWritingError<Never>) -> Void
    ) throws -> [UInt8] {
        final class Buffer { var bytes: [UInt8] = [] }
        let buffer = Buffer()
        var writer = SafetensorsWriter<Never>(layout) { buffer.bytes.append(contentsOf: $0) }
        try body(&writer)
        try writer.finish()
        return buffer.bytes
    }
}
