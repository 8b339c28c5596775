/// The cyclic redundancy check of zip files (CRC-32 of IEEE 802.3, polynomial 0x04C11DB7).
enum CRC32 {
    /// The checksum of `bytes`.
    static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
        ~tables.update(0xFFFF_FFFF, with: bytes)
    }

    private static let tables = CRCTables(reversedPolynomial: 0xEDB8_8320)
}
