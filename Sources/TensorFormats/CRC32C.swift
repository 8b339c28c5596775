/// The Castagnoli cyclic redundancy check (CRC-32C, polynomial 0x1EDC6F41, as in RFC 3720, appendix B.4), incremental.
///
/// ```swift
/// var checksum = CRC32C()
/// checksum.update(header)
/// checksum.update(body)
/// let value = checksum.value
/// ```
public struct CRC32C: Sendable, Equatable {
    private var register: UInt32 = 0xFFFF_FFFF

    /// A checksum of no bytes.
    public init() {}

    /// The checksum of `bytes` alone.
    public init(_ bytes: UnsafeRawBufferPointer) {
        update(bytes)
    }

    /// The checksum of everything given so far.
    public var value: UInt32 { ~register }

    /// Takes the next bytes in.
    ///
    /// Sixteen bytes at a time through sixteen tables (Kounavis and Berry, "Novel table lookup-based algorithms for
    /// high-performance CRC generation", 2008).
    ///
    /// - Complexity: Linear in the number of bytes, about a nanosecond for each 2 or 3, without allocation.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        register = Self.tables.withUnsafeBufferPointer { tables in
            let table = tables.baseAddress!
            var crc = register
            var position = 0
            while bytes.count &- position >= 16 {
                let first = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self)) ^ UInt64(crc)
                let second = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position &+ 8, as: UInt64.self))
                crc = Self.fold(first, table + 8 * 256) ^ Self.fold(second, table)
                position &+= 16
            }
            while position < bytes.count {
                let byte = base.load(fromByteOffset: position, as: UInt8.self)
                crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc &>> 8
                position &+= 1
            }
            return crc
        }
    }

    /// The part of the register that the eight bytes of `word` leave, the first of them through the eighth table.
    @inline(__always)
    private static func fold(_ word: UInt64, _ table: UnsafePointer<UInt32>) -> UInt32 {
        let low = table[7 &* 256 &+ Int(word & 0xFF)] ^ table[6 &* 256 &+ Int(word &>> 8 & 0xFF)]
        let middleLow = table[5 &* 256 &+ Int(word &>> 16 & 0xFF)] ^ table[4 &* 256 &+ Int(word &>> 24 & 0xFF)]
        let middleHigh = table[3 &* 256 &+ Int(word &>> 32 & 0xFF)] ^ table[2 &* 256 &+ Int(word &>> 40 & 0xFF)]
        let high = table[256 &+ Int(word &>> 48 & 0xFF)] ^ table[Int(word &>> 56)]
        return low ^ middleLow ^ middleHigh ^ high
    }

    /// Entry 256·t + b is the register after byte b and t zero bytes.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 16 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
            tables[byte] = crc
        }
        for index in 256..<tables.count {
            let previous = tables[index - 256]
            tables[index] = tables[Int(previous & 0xFF)] ^ previous >> 8
        }
        return tables
    }()
}
