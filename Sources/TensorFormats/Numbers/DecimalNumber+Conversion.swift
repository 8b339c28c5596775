import Glibc

extension DecimalNumber {
    /// The nearest value of type `S`, ties to even; infinity if the magnitude exceeds the type.
    ///
    /// Converts directly to `S`: going through `Double` to `Float` would round twice.
    ///
    /// - Parameters:
    ///   - base: The text that `scan` read, for the rare numbers that need further digits.
    ///   - powers: The table, passed in to read many numbers at a time.
    @inline(__always)
    func value<S: FeatureScalar>(as type: S.Type, _ base: UnsafeRawPointer, _ powers: PowersOfFive = .shared) -> S {
        if !isTruncated, exponent <= 0, exponent >= -22, significand <= UInt64(Int64.max) {
            // 10^22 is the last power of ten that a Double holds exactly. This few digits suffice for most features, and a division takes a
            // fraction of the work below.
            let digits = Double(Int64(truncatingIfNeeded: significand))
            let quotient = digits / Self.tens[0 &- exponent]
            if S.significandBitCount == Double.significandBitCount {
                // Clinger's case: digits and power are exact, and the quotient is rounded once.
                if significand <= 1 &<< 53 { return S(quotient * sign) }
            } else {
                // The quotient is off by at most two units in the last place. Rounded to Float it is right except close to the midpoint
                // between two of them (29 bits are dropped), and among the subnormals.
                let dropped = quotient.bitPattern & 0x1FFF_FFFF
                if dropped &- 0x0FFF_FFFC > 8, quotient >= Double(Float.leastNormalMagnitude) { return S(quotient * sign) }
            }
        }
        if isTruncated { return truncatedValue(as: S.self, base, powers) }
        return Self.nearest(significand, exponent, powers, as: S.self) * S(sign)
    }

    /// A factor instead of a condition: half of all features are negative, which branch prediction cannot guess.
    @inline(__always)
    private var sign: Double { Self.signs[isNegative ? 1 : 0] }

    private static let signs: InlineArray<2, Double> = [1, -1]
    private static let tens: InlineArray<23, Double> = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    /// The same with only the first digits at hand: usually they decide.
    @inline(never)
    private func truncatedValue<S: FeatureScalar>(as type: S.Type, _ base: UnsafeRawPointer, _ powers: PowersOfFive) -> S {
        let magnitude = Self.nearest(significand, exponent, powers, as: S.self)
        guard magnitude == Self.nearest(significand &+ 1, exponent, powers, as: S.self) else { return exactValue(as: S.self, base) }
        return magnitude * S(sign)
    }

    /// `significand` · 10^`exponent` rounded to nearest, ties to even: the algorithm of Eisel and Lemire.
    ///
    /// Source: Lemire, "Number parsing at a gigabyte per second" (arXiv 2101.11408, algorithm 1); that no fallback is
    /// needed: Mushtak and Lemire, "Fast number parsing without fallback" (arXiv 2212.06644).
    @inline(__always)
    private static func nearest<S: FeatureScalar>(
        _ significand: UInt64, _ exponent: Int, _ powers: PowersOfFive, as type: S.Type
    ) -> S {
        let isDouble = S.significandBitCount == Double.significandBitCount
        let bits = S.significandBitCount
        let infinity = (1 &<< S.exponentBitCount) &- 1
        let bias = infinity &>> 1
        // With at most 19 digits before it, a smaller power yields less than half of the least subnormal.
        if significand == 0 || exponent < (isDouble ? -342 : -65) { return 0 }
        if exponent > (isDouble ? 308 : 38) { return .infinity }

        let leadingZeros = significand.leadingZeroBitCount
        let normalized = significand &<< UInt64(leadingZeros)
        let power = powers[exponent]
        var (high, low) = normalized.multipliedFullWidth(by: power.high)
        // The lower half of the power matters only if the bits below the result's could still carry.
        let undecided = UInt64.max &>> UInt64(bits &+ 3)
        if high & undecided == undecided {
            let (sum, overflow) = low.addingReportingOverflow(normalized.multipliedFullWidth(by: power.low).high)
            low = sum
            if overflow { high &+= 1 }
        }

        let upperBit = Int(high &>> 63)
        let shift = UInt64(upperBit &+ 64 &- bits &- 3)
        var mantissa = high &>> shift
        // floor(exponent · log2(10)), exact in this range.
        let binaryPower = (217_706 &* exponent) &>> 16
        var biased = binaryPower &+ 63 &+ upperBit &- leadingZeros &+ bias
        if biased <= 0 {
            // Subnormal: ties cannot occur here, so plain rounding of the shifted bits is exact.
            if 1 &- biased >= 64 { return 0 }
            mantissa &>>= UInt64(1 &- biased)
            mantissa &+= mantissa & 1
            mantissa &>>= 1
            biased = mantissa < 1 &<< UInt64(bits) ? 0 : 1
            return make(biased, mantissa)
        }
        // A tie needs an exact product, which only small powers allow: round it down to even.
        if low <= 1, exponent >= (isDouble ? -4 : -17), exponent <= (isDouble ? 23 : 10), mantissa & 3 == 1, mantissa &<< shift == high {
            mantissa &= ~1
        }
        mantissa &+= mantissa & 1
        mantissa &>>= 1
        if mantissa >= 2 &<< UInt64(bits) {
            mantissa = 1 &<< UInt64(bits)
            biased &+= 1
        }
        return biased >= infinity ? .infinity : make(biased, mantissa)
    }

    @inline(__always)
    private static func make<S: FeatureScalar>(_ biased: Int, _ mantissa: UInt64) -> S {
        S(
            sign: .plus,
            exponentBitPattern: S.RawExponent(truncatingIfNeeded: biased),
            significandBitPattern: S.RawSignificand(truncatingIfNeeded: mantissa & (1 &<< UInt64(S.significandBitCount) &- 1)))
    }

    /// The value from as many digits as can matter, through the C library.
    ///
    /// No midpoint of two doubles has more than 767 significant digits: 770 digits and, if any nonzero digit follows, a final 1 stand for
    /// all of them. Written without a decimal point, the text means the same in every locale.
    @inline(never)
    private func exactValue<S: FeatureScalar>(as type: S.Type, _ base: UnsafeRawPointer) -> S {
        let keep = 770
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: keep + 32) { text in
            var count = 0
            func put(_ byte: UInt8) {
                text[count] = CChar(bitPattern: byte)
                count += 1
            }
            if isNegative { put(UInt8(ascii: "-")) }
            // `exponent` counts from the nineteenth digit: each further digit lowers it by one.
            var kept = 0
            var power = exponent
            var isInexact = false
            for position in start..<digitsEnd {
                let byte = base.load(fromByteOffset: position, as: UInt8.self)
                guard byte >= UInt8(ascii: "0") else { continue }  // the sign and the decimal point
                if kept == 0, byte == UInt8(ascii: "0") { continue }
                if kept < keep {
                    put(byte)
                    kept += 1
                    if kept > 19 { power -= 1 }
                } else if byte != UInt8(ascii: "0") {
                    isInexact = true
                }
            }
            if isInexact {
                put(UInt8(ascii: "1"))
                power -= 1
            }
            put(UInt8(ascii: "e"))
            for byte in String(power.clamped).utf8 { put(byte) }
            put(0)
            return S.significandBitCount == Double.significandBitCount
                ? S(strtod(text.baseAddress!, nil)) : S(strtof(text.baseAddress!, nil))
        }
    }
}

extension Int {
    /// Clamped so far out that the value stays on its side of the representable range.
    fileprivate var clamped: Int { Swift.min(Swift.max(self, -9_999_999), 9_999_999) }
}
