import Testing

@testable import TensorFormats

@Suite struct CRC32CTests {
    private func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { CRC32C($0).value } }

    // The values of RFC 3720, appendix B.4, and of the common check string.
    @Test(
        arguments: [
            (Array("123456789".utf8), 0xE306_9283), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
            (Array((0..<32).reversed()), 0x113F_DB5C), ([], 0),
        ] as [([UInt8], UInt32)])
    func publishedVectors_match(_ bytes: [UInt8], _ expected: UInt32) {
        #expect(checksum(bytes) == expected)
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
