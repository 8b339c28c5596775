/// The shortest decimal that reads back as the same floating-point value; among several, the nearest.
///
/// The algorithm is Schubfach (Giulietti, "The Schubfach way to render doubles", 2021): three multiplications by a 128-bit power of ten
/// decide everything, without a loop or an allocation.
struct ShortestDecimal: Equatable {
    /// The digits; no trailing zero unless the value is zero.
    var digits: UInt64
    /// The magnitude is `digits` · 10^`exponent`.
    var exponent: Int
    var isNegative: Bool

    /// - Precondition: `value` is finite.
    init<S: FeatureScalar>(_ value: S) {
        isNegative = value.sign == .minus
        guard value != 0 else {
            (digits, exponent) = (0, 0)
            return
        }
        let fraction = UInt64(truncatingIfNeeded: value.significandBitPattern)
        let biased = Int(truncatingIfNeeded: UInt64(truncatingIfNeeded: value.exponentBitPattern))
        let bias = (1 << (S.exponentBitCount - 1)) - 1 + S.significandBitCount
        let hidden: UInt64 = 1 << UInt64(S.significandBitCount)
        // The magnitude is significand · 2^power.
        let significand = biased == 0 ? fraction : fraction | hidden
        let power = max(biased, 1) - bias

        if power <= 0, -power <= S.significandBitCount, significand.trailingZeroBitCount >= -power {
            // A small whole number is its own shortest form.
            (digits, exponent) = (significand >> UInt64(-power), 0)
        } else {
            (digits, exponent) = Self.shortest(significand, power, lowerIsCloser: fraction == 0 && biased > 1)
        }
        while case let (quotient, remainder) = digits.quotientAndRemainder(dividingBy: 10), remainder == 0 {
            (digits, exponent) = (quotient, exponent + 1)
        }
    }

    /// Finds the shortest decimal in the rounding interval of `significand` · 2^`power`.
    private static func shortest(_ significand: UInt64, _ power: Int, lowerIsCloser: Bool) -> (UInt64, Int) {
        // In quarter units: the value and the two midpoints to its neighbours. If the significand is a power of two, the lower neighbour is
        // half as far away.
        let center = 4 * significand
        let left = center - (lowerIsCloser ? 1 : 2)
        let right = center + 2
        // floor(log10(2^power)), or of 3/4 of it; then floor(log2(10^−k)): both exact for all exponents of a double.
        let k = (power * 1_262_611 - (lowerIsCloser ? 524_031 : 0)) >> 22
        let shift = UInt64(power + ((-k * 1_741_647) >> 19) + 1)
        let scale = PowersOfFive.shared.roundedUp(-k)
        let scaledLeft = roundToOdd(scale, left << shift)
        let scaledCenter = roundToOdd(scale, center << shift)
        let scaledRight = roundToOdd(scale, right << shift)
        // The boundaries themselves round to the value only if its significand is even.
        let isOdd = significand & 1
        let lower = scaledLeft + isOdd
        let upper = scaledRight - isOdd

        let floor = scaledCenter / 4
        if floor >= 10 {
            let short = floor / 10
            let belowIsInside = lower <= 40 * short
            let aboveIsInside = 40 * short + 40 <= upper
            if belowIsInside != aboveIsInside { return (aboveIsInside ? short + 1 : short, k + 1) }
        }
        let belowIsInside = lower <= 4 * floor
        let aboveIsInside = 4 * floor + 4 <= upper
        if belowIsInside != aboveIsInside { return (aboveIsInside ? floor + 1 : floor, k) }
        // Both are inside: take the nearer one, or the even one on a tie.
        let middle = 4 * floor + 2
        let roundsUp = scaledCenter > middle || scaledCenter == middle && floor & 1 == 1
        return (roundsUp ? floor + 1 : floor, k)
    }

    /// The high 64 bits of `factor` times a 128-bit number; the lowest bit is set if anything was cut off.
    private static func roundToOdd(_ scale: (high: UInt64, low: UInt64), _ factor: UInt64) -> UInt64 {
        let lowProduct = scale.low.multipliedFullWidth(by: factor)
        var (high, low) = scale.high.multipliedFullWidth(by: factor)
        let (sum, overflow) = low.addingReportingOverflow(lowProduct.high)
        low = sum
        if overflow { high += 1 }
        return high | (low > 1 ? 1 : 0)
    }
}
