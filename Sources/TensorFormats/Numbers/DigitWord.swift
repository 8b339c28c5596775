/// Eight bytes of text, and how many of them are digits before the first other byte.
struct DigitWord {
    /// The digits' values, the first in the lowest byte; bytes after them are undefined.
    private let bytes: UInt64
    /// 0...8.
    let count: Int

    /// - Precondition: eight bytes are readable at the position.
    @inline(__always)
    init(_ base: UnsafeRawPointer, _ position: Int) {
        let text = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        bytes = text ^ 0x3030_3030_3030_3030
        // Adding 0x76 carries every byte from 10 to 127 into its highest bit. A carry into the next byte does not matter: it comes from a
        // non-digit, and only the first of those counts.
        let others = ((bytes &+ 0x7676_7676_7676_7676) | bytes) & 0x8080_8080_8080_8080
        count = others.trailingZeroBitCount &>> 3
    }

    /// The value of the first digits as a decimal number: three multiplications for all eight (Lemire, "Number parsing at a gigabyte per
    /// second", arXiv 2101.11408, section 3).
    ///
    /// - Precondition: at most `count`.
    @inline(__always)
    func value(of digits: Int) -> UInt64 {
        // Shifts zeros in before the first digit: by at most 64 bits, for no digits.
        var word = (bytes &<< UInt64((8 &- digits) &* 4)) &<< UInt64((8 &- digits) &* 4)
        word = word &* 10 &+ word &>> 8
        let mask: UInt64 = 0x0000_00FF_0000_00FF
        let high = (word & mask) &* (100 &+ 1_000_000 &<< 32)
        let low = (word &>> 16 & mask) &* (1 &+ 10_000 &<< 32)
        return (high &+ low) &>> 32
    }

    /// 10^n for n up to 8.
    @inline(__always)
    static func power(_ digits: Int) -> UInt64 { powers[digits] }

    private static let powers: InlineArray<9, UInt64> = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]
}
