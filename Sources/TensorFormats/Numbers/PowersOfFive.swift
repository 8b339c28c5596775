/// The leading 128 bits of 5^q for −342 ≤ q ≤ 324, for both directions of decimal conversion.
///
/// An entry is `high·2^64 + low` with the top bit of `high` set. Positive powers are truncated; negative powers are truncated below q =
/// −27 and rounded up from there on, because a truncated reciprocal would miss exact products (Lemire, "Number parsing at a gigabyte per
/// second", arXiv 2101.11408, sections 5 and 6).
///
/// The table is computed once, exactly: 1,334 constants could not be checked by eye.
struct PowersOfFive: Sendable {
    static let exponents = -342...324

    static let shared = PowersOfFive()

    private let words: [UInt64]

    /// The truncated or rounded power that reading needs.
    ///
    /// - Precondition: `exponents` contains `exponent`.
    @inline(__always)
    subscript(exponent: Int) -> (high: UInt64, low: UInt64) {
        let index = 2 &* (exponent &- Self.exponents.lowerBound)
        return (words[index], words[index &+ 1])
    }

    /// The power rounded up to 128 bits, which the shortest-output algorithm needs.
    @inline(__always)
    func roundedUp(_ exponent: Int) -> (high: UInt64, low: UInt64) {
        var (high, low) = self[exponent]
        // 5^55 is the last power that 128 bits hold exactly; entries from −27 to −1 are already rounded up.
        if exponent < -27 || exponent > 55 {
            low &+= 1
            if low == 0 { high &+= 1 }
        }
        return (high, low)
    }

    private init() {
        var entries = [(high: UInt64, low: UInt64)](repeating: (0, 0), count: Self.exponents.count)
        var power = WideInteger(powerOfTwo: 0)
        for exponent in 0...Self.exponents.upperBound {
            entries[exponent - Self.exponents.lowerBound] = power.leading128Bits
            power.multiply(by: 5)
        }
        // floor(floor(a / 5) / 5) = floor(a / 25), so repeated division of one large power of two stays exact. 5^342 takes 795 bits; 1024
        // leave more than the 128 needed.
        var reciprocal = WideInteger(powerOfTwo: 1023)
        for exponent in 1...(-Self.exponents.lowerBound) {
            reciprocal.divide(by: 5)
            var entry = reciprocal.leading128Bits
            if exponent <= 27 {
                entry.low &+= 1
                if entry.low == 0 { entry.high &+= 1 }
            }
            entries[-exponent - Self.exponents.lowerBound] = entry
        }
        words = entries.flatMap { [$0.high, $0.low] }
    }
}

/// An unsigned integer of 1,024 bits, least significant word first.
private struct WideInteger {
    private var words = [UInt64](repeating: 0, count: 16)

    init(powerOfTwo exponent: Int) {
        words[exponent / 64] = 1 << UInt64(exponent % 64)
    }

    mutating func multiply(by factor: UInt64) {
        var carry: UInt64 = 0
        for index in words.indices {
            let product = words[index].multipliedFullWidth(by: factor)
            let (sum, overflow) = product.low.addingReportingOverflow(carry)
            words[index] = sum
            carry = product.high + (overflow ? 1 : 0)
        }
        precondition(carry == 0, "5^324 takes 753 bits")
    }

    mutating func divide(by divisor: UInt64) {
        var remainder: UInt64 = 0
        for index in words.indices.reversed() {
            (words[index], remainder) = divisor.dividingFullWidth((remainder, words[index]))
        }
    }

    /// The 128 bits from the highest set bit down, with zeros appended if there are fewer.
    var leading128Bits: (high: UInt64, low: UInt64) {
        let top = words.lastIndex { $0 != 0 }!
        let shift = UInt64(words[top].leadingZeroBitCount)
        func word(_ index: Int) -> UInt64 { index < 0 ? 0 : words[index] }
        func shifted(_ index: Int) -> UInt64 {
            shift == 0 ? word(index) : word(index) << shift | word(index - 1) >> (64 - shift)
        }
        return (shifted(top), shifted(top - 1))
    }
}
