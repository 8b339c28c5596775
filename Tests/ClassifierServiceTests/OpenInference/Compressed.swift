@testable import TensorFormats

/// Compressed bodies. Only zeros compress well here.
enum Compressed {
    static func gzip(_ content: [UInt8]) -> [UInt8] { member(content, deflated: stored(content)) }

    static func zlib(_ content: [UInt8]) -> [UInt8] {
        [0x78, 0x01] + stored(content) + little(content.withUnsafeBytes { Adler32.checksum(of: $0) }).reversed()
    }

    /// A gzip member of data that has been deflated.
    static func member(_ content: [UInt8], deflated: [UInt8]) -> [UInt8] {
        let checksum = content.withUnsafeBytes { CRC32.checksum(of: $0) }
        return [31, 139, 8, 0, 0, 0, 0, 0, 0, 255] + deflated + little(checksum) + little(UInt32(content.count))
    }

    /// This many zeros, deflated: a literal, then matches of 258 octets in 13 bits each, with the fixed codes.
    static func deflatedZeros(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var used = 8
        func put(_ bits: [UInt8]) {
            for bit in bits {
                if used == 8 { bytes.append(0) }
                used = used % 8
                bytes[bytes.count - 1] |= bit << UInt8(used)
                used += 1
            }
        }
        let zero: [UInt8] = [0, 0, 1, 1, 0, 0, 0, 0]
        put([1, 1, 0])
        put(zero)
        for _ in 0..<(count - 1) / 258 { put([1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]) }
        for _ in 0..<(count - 1) % 258 { put(zero) }
        put([0, 0, 0, 0, 0, 0, 0])
        return bytes
    }

    /// Stored blocks of the content.
    private static func stored(_ content: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = content[...]
        repeat {
            let block = rest.prefix(65535)
            rest = rest.dropFirst(block.count)
            let length = UInt16(block.count)
            bytes.append(rest.isEmpty ? 1 : 0)
            for value in [length, ~length] { bytes += [UInt8(truncatingIfNeeded: value), UInt8(value >> 8)] }
            bytes += block
        } while !rest.isEmpty
        return bytes
    }

    private static func little(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}
