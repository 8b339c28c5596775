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
    /// - Complexity: Linear in the number of bytes, without allocation: about a nanosecond for each 2 or 3, or, where the processor
    ///   has an instruction for it, for each 9 of few and each 20 of many.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        register =
            Self.hasInstruction
            ? Self.updateByInstruction(register, with: bytes) : Self.tables.update(register, with: bytes)
    }

    /// For processors without the instruction.
    static let tables = CRCTables(reversedPolynomial: 0x82F6_3B78)
}
