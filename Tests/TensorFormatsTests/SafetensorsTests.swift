import Dispatch
import Testing

@testable import TensorFormats

@Suite struct SafetensorsTests {
    final class Buffer {
        var bytes: [UInt8] = []
    }

    private typealias Failure = SafetensorsWritingError<Never>

    /// The file that `body` writes with `layout`.
    private func file(
        _ layout: SafetensorsLayout, _ body: (inout SafetensorsWriter<Never>) throws(SafetensorsWritingError<Never>) -> Void
    ) throws(SafetensorsWritingError<Never>) -> [UInt8] {
        let buffer = Buffer()
        var writer = SafetensorsWriter<Never>(layout) { buffer.bytes.append(contentsOf: $0) }
        try body(&writer)
        try writer.finish()
        #expect(writer.writtenByteCount == writer.totalByteCount)
        return buffer.bytes
    }

    private func sample() throws -> [UInt8] {
        var layout = SafetensorsLayout()
        try layout.addMetadata("format", "accrue/1")
        try layout.addMetadata("labels", #"["a","b"]"#)
        try layout.addTensor("a", type: .f64, shape: [2, 3])
        try layout.addTensor("empty", type: .f32, shape: [0, 5])
        try layout.addTensor("odd", type: .u8, shape: [3])
        try layout.addTensor("b", type: .i64, shape: [2])
        try layout.addTensor("scalar", type: .f32, shape: [])
        try layout.addChecksums()
        return try file(layout) { (writer) throws(Failure) in
            try writer.append([1.0, 2, 3, 4], to: "a")
            try writer.append([5.0, 6], to: "a")
            try writer.append([UInt8(1), 2, 3], to: "odd")
            try writer.append([Int64(7), -8], to: "b")
            try writer.append([Float(0.5)], to: "scalar")
        }
    }

    // MARK: Round trip

    @Test func writtenFile_isReadBackAtAnyAlignment() throws {
        let file = try sample()
        for shift in 0..<8 {
            let shifted = [UInt8](repeating: 0, count: shift) + file
            try shifted.withUnsafeBytes { bytes in
                let reader = try SafetensorsReader(UnsafeRawBufferPointer(rebasing: bytes[shift...]))
                #expect(reader.metadata.entries.map(\.key) == ["format", "labels"])
                #expect(reader.metadata["labels"] == #"["a","b"]"#)
                #expect(reader.metadata["absent"] == nil)
                #expect(reader.tensors.map(\.name) == ["a", "empty", "odd", "b", "scalar", "crc32c"])
                try reader.verifyChecksums()
                let a = try reader.requireTensor(named: "a", types: [.f32, .f64], shape: [2, 3])
                #expect(try reader.array(of: a, as: Double.self) == [1, 2, 3, 4, 5, 6])
                let b = try reader.requireTensor(named: "b", types: [.i64])
                #expect(try reader.withTensor(b, as: Int64.self) { Array($0) } == [7, -8])
                let several = try reader.withTensors([b, b], as: Int64.self) { $0.map(Array.init) }
                #expect(several == [[7, -8], [7, -8]])
                #expect(try reader.withTensors([], as: Double.self) { $0.count } == 0)
                var copy = [Int64](repeating: 0, count: 2)
                try copy.withUnsafeMutableBufferPointer { try reader.copy(b, into: $0) }
                #expect(copy == [7, -8])
                let scalar = try reader.requireTensor(named: "scalar", types: [.f32], shape: [])
                #expect(try reader.array(of: scalar, as: Float.self) == [0.5])
                let empty = try reader.requireTensor(named: "empty", types: [.f32], shape: [0, 5])
                #expect(try reader.withTensor(empty, as: Float.self) { $0.count } == 0)
            }
        }
    }

    /// Empty tensors of every type and at every alignment, read by many threads at once. Copying into the empty array that all threads
    /// share would be a race, which the thread sanitizer detects.
    @Test func emptyTensors_areReadAtAnyAlignment() throws {
        var layout = SafetensorsLayout()
        for byte in 0..<8 {
            for type in TensorElementType.allCases { try layout.addTensor("\(type)-\(byte)", type: type, shape: [3, 0]) }
            try layout.addTensor("byte \(byte)", type: .u8, shape: [1])
        }
        try layout.addTensor("last", type: .f64, shape: [0])
        let file = try file(layout) { (writer) throws(Failure) in
            for byte in 0..<8 { try writer.append([UInt8(byte)], to: "byte \(byte)") }
        }
        DispatchQueue.concurrentPerform(iterations: 8) { shift in
            let shifted = [UInt8](repeating: 0, count: shift) + file
            shifted.withUnsafeBytes { bytes in
                do { try readEmptyTensors(SafetensorsReader(UnsafeRawBufferPointer(rebasing: bytes[shift...]))) } catch {
                    Issue.record(error)
                }
            }
        }
    }

    private func readEmptyTensors(_ reader: SafetensorsReader) throws {
        func read<Element: TensorElement>(_ tensor: SafetensorsTensor, as type: Element.Type) throws {
            #expect(try reader.withTensor(tensor, as: type) { $0.count } == 0)
            #expect(try reader.array(of: tensor, as: type).isEmpty)
            try reader.copy(tensor, into: UnsafeMutableBufferPointer<Element>(start: nil, count: 0))
        }
        for tensor in reader.tensors where tensor.elementCount == 0 {
            switch tensor.type {
            case .f64: try read(tensor, as: Double.self)
            case .f32: try read(tensor, as: Float.self)
            case .i64: try read(tensor, as: Int64.self)
            case .i32: try read(tensor, as: Int32.self)
            case .u64: try read(tensor, as: UInt64.self)
            case .u32: try read(tensor, as: UInt32.self)
            default: #expect(reader.bytes(of: tensor).isEmpty)
            }
            guard tensor.type == .f64 || tensor.type == .f32, tensor.shape.count == 2 else { continue }
            var values: [Double] = []
            let rows = try reader.array(named: tensor.name).appendMatrix(columns: 0, into: &values, maximumRows: 3)
            #expect(rows == 3 && values.isEmpty)
        }
    }

    @Test func header_isPaddedToEightBytes() throws {
        for length in 0..<9 {
            var layout = SafetensorsLayout()
            try layout.addTensor(String(repeating: "n", count: length), type: .u8, shape: [1])
            let file = try file(layout) { (writer) throws(Failure) in
                try writer.append([UInt8(9)], to: String(repeating: "n", count: length))
            }
            #expect(file.count % 8 == 1)
            #expect(layout.totalByteCount == file.count)
            try file.withUnsafeBytes { bytes in
                let reader = try SafetensorsReader(bytes)
                #expect(reader.tensors.count == 1)
            }
        }
    }

    @Test func noTensors_makeAFile() throws {
        let file = try file(SafetensorsLayout()) { _ throws(Failure) in }
        #expect(file == [8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8))
        try file.withUnsafeBytes { bytes in
            let reader = try SafetensorsReader(bytes)
            #expect(reader.tensors.isEmpty)
        }
    }

    @Test func access_namesTheTensorThatDoesNotFit() throws {
        let file = try sample()
        file.withUnsafeBytes { bytes in
            let reader = try! SafetensorsReader(bytes)
            let a = reader.tensor(named: "a")!
            func reason(_ body: () throws(SafetensorsError) -> Void) -> String? {
                do throws(SafetensorsError) {
                    try body()
                    return nil
                } catch { return error.reason }
            }
            #expect(
                reason { () throws(SafetensorsError) in _ = try reader.requireTensor(named: "x", types: [.f32]) }
                    == #"tensor "x": it is missing"#)
            #expect(
                reason { () throws(SafetensorsError) in _ = try reader.requireTensor(named: "a", types: [.f32, .i64]) }
                    == #"tensor "a": dtype is F64, expected F32 or I64"#)
            #expect(
                reason { () throws(SafetensorsError) in _ = try reader.requireTensor(named: "a", types: [.f64], shape: [6]) }
                    == #"tensor "a": shape is [2, 3], expected [6]"#)
            #expect(
                reason { () throws(SafetensorsError) in _ = try reader.array(of: a, as: Float.self) }
                    == #"tensor "a": dtype is F64, expected F32"#)
            var short = [Double](repeating: 0, count: 5)
            short.withUnsafeMutableBufferPointer { buffer in
                #expect(reason { () throws(SafetensorsError) in try reader.copy(a, into: buffer) } != nil)
            }
        }
    }

    // MARK: Checksums

    @Test func everyFlippedBit_isFound() throws {
        let file = try sample()
        for bit in 0..<file.count * 8 {
            var damaged = file
            damaged[bit / 8] ^= 1 << (bit % 8)
            let isSound = damaged.withUnsafeBytes { bytes in
                do throws(SafetensorsError) {
                    try SafetensorsReader(bytes).verifyChecksums()
                    return true
                } catch { return false }
            }
            #expect(!isSound, "bit \(bit)")
        }
    }

    @Test func damagedTensor_isNamed() throws {
        var file = try sample()
        let offset = try file.withUnsafeBytes { bytes in
            let reader = try SafetensorsReader(bytes)
            return reader.fileOffset(of: reader.tensor(named: "b")!)
        }
        file[offset] ^= 1
        file.withUnsafeBytes { bytes in
            do throws(SafetensorsError) {
                try SafetensorsReader(bytes).verifyChecksums()
                Issue.record("nothing was thrown")
            } catch {
                #expect(error.tensor == "b" && error.offset == offset)
                guard case .checksumMismatch = error.kind else {
                    Issue.record("\(error)")
                    return
                }
            }
        }
    }

    // MARK: Writing what does not fit

    @Test func dataThatDoesNotFitTheLayout_isRefused() throws {
        var layout = SafetensorsLayout()
        try layout.addTensor("a", type: .f64, shape: [2])
        try layout.addTensor("b", type: .f32, shape: [1])
        func kind(_ body: (inout SafetensorsWriter<Never>) throws(SafetensorsWritingError<Never>) -> Void) -> SafetensorsError.Kind? {
            do throws(Failure) {
                _ = try file(layout, body)
                return nil
            } catch {
                guard case .layout(let error) = error else { return nil }
                return error.kind
            }
        }
        #expect(kind { (writer) throws(Failure) in try writer.append([1.0, 2, 3], to: "a") } == .tooMuchData)
        #expect(kind { (writer) throws(Failure) in try writer.append([1.0], to: "a") } == .missingData(bytes: 8))
        #expect(kind { (writer) throws(Failure) in try writer.append([Float(1)], to: "b") } == .missingData(bytes: 16))
        #expect(kind { (writer) throws(Failure) in try writer.append([Float(1)], to: "a") } == .wrongType(.f32, expected: [.f64]))
        #expect(kind { (writer) throws(Failure) in try writer.append([1.0], to: "c") } == .unexpectedTensor(next: "a"))
        #expect(kind { _ throws(Failure) in } == .missingData(bytes: 16))
        let backwards = kind { (writer) throws(Failure) in
            try writer.append([1.0, 2], to: "a")
            try writer.append([Float(1)], to: "b")
            try writer.append([1.0], to: "a")
        }
        #expect(backwards == .unexpectedTensor(next: "b"))
    }

    @Test func namesAndSizes_areCheckedWhenDeclared() throws {
        var layout = SafetensorsLayout()
        try layout.addTensor("a", type: .f64, shape: [1])
        try layout.addMetadata("k", "v")
        #expect(throws: SafetensorsError(.nameTaken, tensor: "a", at: 8)) { try layout.addTensor("a", type: .u8, shape: []) }
        #expect(throws: SafetensorsError.self) { try layout.addTensor("__metadata__", type: .u8, shape: []) }
        #expect(throws: SafetensorsError.self) { try layout.addMetadata("k", "w") }
        #expect(throws: SafetensorsError.self) { try layout.addTensor("b", type: .u8, shape: [-1]) }
        #expect(throws: SafetensorsError.self) { try layout.addTensor("c", type: .f64, shape: [1 << 60, 2]) }
        #expect(throws: SafetensorsError.self) { try layout.addTensor("d", type: .u8, shape: [.max]) }
    }

    @Test func sinkError_isPassedOn() throws {
        struct Full: Error {}
        var layout = SafetensorsLayout()
        try layout.addTensor("a", type: .u8, shape: [1])
        var writer = SafetensorsWriter<Full>(layout) { _ throws(Full) in throw Full() }
        do throws(SafetensorsWritingError<Full>) {
            try writer.finish()
            Issue.record("nothing was thrown")
        } catch {
            guard case .sink = error else {
                Issue.record("\(error)")
                return
            }
        }
    }
}
