import Testing

@testable import TensorFormats

@Suite struct SafetensorsMalformedTests {
    /// A file with the given header and `data` bytes of data.
    private func file(_ header: String, data: Int) -> [UInt8] {
        let length = UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) } + Array(header.utf8) + [UInt8](repeating: 0, count: data)
    }

    private func error(_ file: [UInt8]) -> SafetensorsError? {
        file.withUnsafeBytes { bytes in
            do throws(SafetensorsError) {
                _ = try SafetensorsReader(bytes)
                return nil
            } catch { return error }
        }
    }

    @Test func lengthBeyondFileOrLimit_isRefused() {
        #expect(error([])?.kind == .truncated(needed: 8, available: 0))
        #expect(error([1, 0, 0])?.kind == .truncated(needed: 8, available: 3))
        #expect(error([9, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8))?.kind == .truncated(needed: 17, available: 10))
        #expect(error([UInt8](repeating: 0xFF, count: 16))?.kind == .headerTooLarge(.max, limit: 100_000_000))
        #expect(error([0, 0, 0, 0, 0, 0, 0, 0x80])?.kind == .headerTooLarge(1 << 63, limit: 100_000_000))
        #expect(error([0x01, 0xE1, 0xF5, 0x05, 0, 0, 0, 0])?.kind == .headerTooLarge(100_000_001, limit: 100_000_000))
    }

    /// Each takes more memory than octets.
    @Test func tensorsAndEntries_areBoundedInNumber() {
        func tensors(_ count: Int) -> [UInt8] {
            let entries = (0..<count).map { "\"\($0)\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[0,0]}" }
            return file("{\(entries.joined(separator: ","))}", data: 0)
        }
        func metadata(_ count: Int) -> [UInt8] {
            file("{\"__metadata__\":{\((0..<count).map { "\"\($0)\":\"\"" }.joined(separator: ","))}}", data: 0)
        }
        let limit = SafetensorsReader.maximumEntries
        #expect(error(tensors(limit)) == nil)
        #expect(error(tensors(limit + 1))?.kind == .tooMany("tensors", limit: limit))
        #expect(error(metadata(limit)) == nil)
        #expect(error(metadata(limit + 1))?.kind == .tooMany("entries of __metadata__", limit: limit))
    }

    @Test(arguments: [
        ("", 0), ("[]", 0), ("null", 0), (" {}", 0), ("{", 0), ("{}x", 0), ("{}\u{0}", 0), ("{}", 1), (#"{"a":1}"#, 0), (#"{"a":{}}"#, 0),
        (#"{"__metadata__":[]}"#, 0), (#"{"__metadata__":null}"#, 0), (#"{"__metadata__":{"a":1}}"#, 0),
        (#"{"__metadata__":{"a":"1","a":"1"}}"#, 0),
        (#"{"__metadata__":{},"__metadata__":{}}"#, 0),
        (#"{"a":{"dtype":"U8","shape":[1]}}"#, 1), (#"{"a":{"dtype":"U8","data_offsets":[0,1]}}"#, 1),
        (#"{"a":{"shape":[1],"data_offsets":[0,1]}}"#, 1),
        (#"{"a":{"dtype":"u8","shape":[1],"data_offsets":[0,1]}}"#, 1), (#"{"a":{"dtype":"F128","shape":[1],"data_offsets":[0,1]}}"#, 1),
        (#"{"a":{"dtype":8,"shape":[1],"data_offsets":[0,1]}}"#, 1), (#"{"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}}"#, 1),
        (#"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#, 1), (#"{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}"#, 1),
        (#"{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}}"#, 1),
        (#"{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0),
        (#"{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}"#, 0),
        (#"{"a":{"dtype":"U8","shape":[9223372036854775807,3,0],"data_offsets":[0,0]}}"#, 0),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}"#, 1), (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}"#, 1),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}"#, 1), (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}"#, 1),
        (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}"#, 1), (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1]}}"#, 1),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 0), (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 2),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, 2),
        (#"{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}"#, 2),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, 2),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, 2),
        (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#, 3),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 1),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#, 3),
        (#"{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 1),
        (#"{"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}"#, 1),
    ])
    func malformedHeader_isRefused(_ header: String, _ data: Int) {
        #expect(error(file(header, data: data)) != nil)
    }

    @Test(arguments: [
        (#"{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}   "#, 2),
        (#"{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[4,5]}}"#, 5),
        (#"{"z":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 1),
        (#"{"a":{"extra":[{}],"dtype":"U8","shape":[1,1],"data_offsets":[0,1]},"__metadata__":{}}"#, 1),
    ])
    func unusualButValidHeader_isAccepted(_ header: String, _ data: Int) {
        #expect(error(file(header, data: data)) == nil)
    }

    @Test func messages_nameTensorAndOffset() {
        let hole = error(file(#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#, data: 3))
        #expect(hole?.description == #"tensor "a": 2 bytes before it belong to no tensor (at byte 61)"#)
        let size = error(file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, data: 4))
        #expect(size?.reason == #"tensor "a": data_offsets span 4 bytes, shape and dtype need 8"#)
        let type = error(file(#"{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,4]}}"#, data: 4))
        #expect(type?.reason == #"tensor "a": unknown dtype "F4""#)
    }

    /// Reading always ends with a result; whatever is accepted is consistent.
    @Test func mutatedFile_neverTraps() {
        let header =
            #"{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
            + #""b":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}"#
        let seed = file(header, data: 16)
        var generator = SeededGenerator(seed: 7)
        var accepted = 0
        for _ in 0..<(runsFullTests ? 200_000 : 20_000) {
            var mutant = seed
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let position = Int.random(in: 0..<mutant.count, using: &generator)
                switch generator.next() % 5 {
                case 0: mutant[position] = UInt8(truncatingIfNeeded: generator.next())
                case 1: mutant[position] ^= 1 << UInt8.random(in: 0...7, using: &generator)
                case 2: mutant[position] = Array("0123456789,:{}[]\"".utf8).randomElement(using: &generator)!
                case 3: mutant.removeSubrange(position...)
                default: mutant.insert(UInt8.random(in: 0x20...0x7E, using: &generator), at: position)
                }
                if mutant.isEmpty { break }
            }
            mutant.withUnsafeBytes { bytes in
                guard let reader = try? SafetensorsReader(bytes) else { return }
                accepted += 1
                #expect(reader.tensors.reduce(0) { $0 + reader.bytes(of: $1).count } == reader.data.count)
                #expect(reader.tensors.allSatisfy { $0.type.byteCount(shape: $0.shape) == $0.dataRange.count })
            }
        }
        #expect(accepted > 0)
    }
}
