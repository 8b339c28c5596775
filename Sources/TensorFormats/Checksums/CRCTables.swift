/// The tables of a 32-bit cyclic redundancy check that processes the lowest bit of each byte first.
///
/// Sixteen bytes at a time go through sixteen tables (Kounavis and Berry, "Novel table lookup-based algorithms for high-performance CRC
/// generation", 2008).
struct CRCTables: Sendable {
    /// Entry 256·t + b is the register after byte b and t zero bytes.
    private let entries: [UInt32]

    init(reversedPolynomial: UInt32) {
        var entries = [UInt32](repeating: 0, count: 16 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ reversedPolynomial : crc >> 1 }
            entries[byte] = crc
        }
        for index in 256..<entries.count {
            let previous = entries[index - 256]
            entries[index] = entries[Int(previous & 0xFF)] ^ previous >> 8
        }
        self.entries = entries
    }

    /// The register after `bytes`.
    func update(_ register: UInt32, with bytes: UnsafeRawBufferPointer) -> UInt32 {
        guard let base = bytes.baseAddress else { return register }
        return entries.withUnsafeBufferPointer { entries in
            // Every index below is 256 times a table's number plus a byte.
            let table = entries.baseAddress!
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

    /// The eight bytes' contribution to the register; the first byte goes through the eighth table.
    @inline(__always)
    private static func fold(_ word: UInt64, _ table: UnsafePointer<UInt32>) -> UInt32 {
        let low = table[7 &* 256 &+ Int(word & 0xFF)] ^ table[6 &* 256 &+ Int(word &>> 8 & 0xFF)]
        let middleLow = table[5 &* 256 &+ Int(word &>> 16 & 0xFF)] ^ table[4 &* 256 &+ Int(word &>> 24 & 0xFF)]
        let middleHigh = table[3 &* 256 &+ Int(word &>> 32 & 0xFF)] ^ table[2 &* 256 &+ Int(word &>> 40 & 0xFF)]
        let high = table[256 &+ Int(word &>> 48 & 0xFF)] ^ table[Int(word &>> 56)]
        return low ^ middleLow ^ middleHigh ^ high
    }
}
