/// The cyclic redundancy check of zip files (CRC-32 of IEEE 802.3, polynomial 0x04C11DB7).
package struct CRC32 {
    private var register: UInt32 = 0xFFFF_FFFF

    /// Adds the next bytes.
    mutating func update(with bytes: UnsafeRawBufferPointer) { register = Self.tables.update(register, with: bytes) }

    /// The checksum of all bytes so far.
    var checksum: UInt32 { ~register }

    /// The checksum of `bytes`.
    package static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
        ~tables.update(0xFFFF_FFFF, with: bytes)
    }

    private static let tables = CRCTables(reversedPolynomial: 0xEDB8_8320)
}
