/// The effect of a run of zero bytes on the register of a 32-bit cyclic redundancy check.
///
/// The effect is linear, so four tables of 256 entries, one for each byte of the register, describe it. It combines the checksums of
/// adjacent runs of bytes: the register after A and then B is the register after A shifted over |B| zero bytes, exclusive-or that of B
/// started at 0 (Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32 Instruction", Intel 2011).
struct CRCShift: Sendable {
    /// Entry 256·i + b is the shifted register whose byte i was b, all others zero.
    private let entries: [UInt32]

    /// The shift over `count` zero bytes.
    ///
    /// - Complexity: 32 checksums of `count` bytes.
    init(over count: Int, _ tables: CRCTables) {
        let zeros = [UInt8](repeating: 0, count: count)
        let bits = (0..<32).map { bit in zeros.withUnsafeBytes { tables.update(1 << UInt32(bit), with: $0) } }
        var entries = [UInt32](repeating: 0, count: 4 * 256)
        for index in entries.indices {
            let (byte, value) = index.quotientAndRemainder(dividingBy: 256)
            for bit in 0..<8 where value >> bit & 1 == 1 { entries[index] ^= bits[8 * byte + bit] }
        }
        self.entries = entries
    }

    /// The register after the zero bytes.
    func callAsFunction(_ register: UInt32) -> UInt32 {
        entries[Int(register & 0xFF)] ^ entries[256 + Int(register >> 8 & 0xFF)] ^ entries[512 + Int(register >> 16 & 0xFF)]
            ^ entries[768 + Int(register >> 24)]
    }
}
