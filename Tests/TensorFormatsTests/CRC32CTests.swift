import Foundation
import Testing

@testable import TensorFormats

@Suite struct CRC32CTests {
    private func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { CRC32C($0).value } }

    private func checksumByTables(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { ~CRC32C.tables.update(~0, with: $0) } }

    // The values of RFC 3720, appendix B.4, and of the common check string.
    @Test(
        arguments: [
            (Array("123456789".utf8), 0xE306_9283), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
            (Array((0..<32).reversed()), 0x113F_DB5C), ([], 0),
        ] as [([UInt8], UInt32)])
    func publishedVectors_match(_ bytes: [UInt8], _ expected: UInt32) {
        #expect(checksum(bytes) == expected)
        #expect(checksumByTables(bytes) == expected)
    }

    // Reads /proc/cpuinfo, independently of the code under test.
    @Test func instruction_isUsedWhereThereIsOne() throws {
        let description = try #require(try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))
        #expect(CRC32C.hasInstruction == (description.contains(" sse4_2 ") || description.contains(" crc32 ")))
    }

    // Lengths about 3·stride and 6·stride: with and without three parallel runs, followed by rests of all kinds.
    @Test(.enabled(if: CRC32C.hasInstruction))
    func instruction_agreesWithTables_atAllLengthsAndAlignments() {
        var generator = SeededGenerator(seed: 2)
        let atOnce = 3 * CRC32C.stride
        var lengths = Array(0...80)
        for count in 1...2 { lengths += Array(count * atOnce - 9...count * atOnce + 9) }
        for _ in 0..<100 { lengths.append(Int.random(in: 0...5 * atOnce, using: &generator)) }
        let bytes = (0..<lengths.max()! + 8).map { _ in UInt8.random(in: 0...255, using: &generator) }
        bytes.withUnsafeBytes { bytes in
            for (index, length) in lengths.enumerated() {
                let part = UnsafeRawBufferPointer(rebasing: bytes[(index % 8)...].prefix(length))
                let register = UInt32.random(in: 0...UInt32.max, using: &generator)
                #expect(CRC32C.updateByInstruction(register, with: part) == CRC32C.tables.update(register, with: part), "\(length) bytes")
            }
        }
    }

    @Test(arguments: [0, 1, 8, 1000])
    func shift_isThatOfZeroBytes(_ count: Int) {
        let shift = CRCShift(over: count, CRC32C.tables)
        var generator = SeededGenerator(seed: 3)
        let zeros = [UInt8](repeating: 0, count: count)
        for _ in 0..<50 {
            let register = UInt32.random(in: 0...UInt32.max, using: &generator)
            #expect(shift(register) == zeros.withUnsafeBytes { CRC32C.tables.update(register, with: $0) })
        }
    }

    @Test func anySplit_givesTheValueOfTheWhole() {
        var generator = SeededGenerator(seed: 1)
        let bytes = (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let whole = checksum(bytes)
        for split in 0...bytes.count {
            var crc = CRC32C()
            bytes[..<split].withUnsafeBytes { crc.update($0) }
            bytes[split...].withUnsafeBytes { crc.update($0) }
            #expect(crc.value == whole)
        }
    }

    @Test func everyFlippedBit_changesTheValue() {
        var bytes = [UInt8](repeating: 0x5A, count: 40)
        let whole = checksum(bytes)
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(checksum(bytes) != whole)
            bytes[bit / 8] ^= 1 << (bit % 8)
        }
    }
}
