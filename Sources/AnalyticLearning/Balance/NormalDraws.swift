/// Standard normal values as a pure function of a seed, a label, a draw number and a component.
///
/// Components 4j … 4j+3 of draw r come from the four words w of Philox4x32-10, keyed with the seed, at the counter (j +
/// ⌊r/2³²⌋·2¹⁸, r mod 2³², lower and upper half of the label's hash), by the Box–Muller transform of (w₀, w₁) and
/// of (w₂, w₃):
///
///     ρ = √(−2 ln((2w₀+1)/2³³))   ε₀ = ρ cos(2πw₁/2³²)   ε₁ = ρ sin(2πw₁/2³²)
///
/// Logarithm, sine and cosine use only operations whose rounding IEEE 754 fixes, not the C library, whose last bits differ between
/// versions. So every machine gets the same bits. No value exceeds 6.77.
public struct NormalDraws: Sendable {
    private let generator: Philox4x32
    private let hash: LabelHash

    /// The draws of one class.
    ///
    /// - Parameters:
    ///   - seed: from the model's imbalance setting.
    ///   - label: the class's label; its hash (FNV-1a, 64 bits, of the UTF-8 bytes) enters the counter.
    public init(seed: UInt64, label: Label) {
        generator = Philox4x32(key: seed)
        hash = LabelHash(label)
    }

    /// Fills a row with the components of one draw.
    ///
    /// - Parameters:
    ///   - row: receives the components, from component 0.
    ///   - draw: the number of the draw, from 0.
    /// - Complexity: O(components).
    public func fill(_ row: UnsafeMutableBufferPointer<Double>, draw: Int) {
        let high = UInt32(truncatingIfNeeded: draw >> 32) << 18
        let tail = (
            UInt32(truncatingIfNeeded: draw), UInt32(truncatingIfNeeded: hash.value), UInt32(truncatingIfNeeded: hash.value >> 32)
        )
        var block: UInt32 = 0
        var index = 0
        while index < row.count {
            let words = generator.words(block | high, tail.0, tail.1, tail.2)
            let (first, second) = Self.pair(words.0, words.1)
            let (third, fourth) = Self.pair(words.2, words.3)
            if index + 4 <= row.count {
                row[index] = first
                row[index + 1] = second
                row[index + 2] = third
                row[index + 3] = fourth
            } else {
                for (offset, value) in [first, second, third].prefix(row.count - index).enumerated() { row[index + offset] = value }
            }
            index += 4
            block &+= 1
        }
    }

    /// The Box–Muller transform of two words.
    @inline(__always) static func pair(_ radius: UInt32, _ angle: UInt32) -> (Double, Double) {
        let length = (-2 * logarithm(radius)).squareRoot()
        let (cosine, sine) = turn(angle)
        return (length * cosine, length * sine)
    }

    /// ln((2w+1)/2³³).
    ///
    /// With 2w+1 = m·2ᵉ and √½ ≤ m < √2, ln m = 2 artanh s for s = (m−1)/(m+1), |s| < 0.172: eleven terms leave 3·10⁻¹⁷.
    @inline(__always) static func logarithm(_ word: UInt32) -> Double {
        let bits = (2 * Double(word) + 1).bitPattern
        // Offset by √½, so that the exponent field counts from there.
        let exponent = (bits &- 0x3FE6_A09E_667F_3BCD) >> 52
        let m = Double(bitPattern: bits &- exponent << 52)
        let s = (m - 1) / (m + 1)
        let q = s * s
        var sum = 1.0 / 21
        sum = sum * q + 1.0 / 19
        sum = sum * q + 1.0 / 17
        sum = sum * q + 1.0 / 15
        sum = sum * q + 1.0 / 13
        sum = sum * q + 1.0 / 11
        sum = sum * q + 1.0 / 9
        sum = sum * q + 1.0 / 7
        sum = sum * q + 1.0 / 5
        sum = sum * q + 1.0 / 3
        return (Double(Int32(truncatingIfNeeded: exponent)) - 33) * 0.693_147_180_559_945_3 + (2 * s + 2 * s * q * sum)
    }

    /// The cosine and the sine of 2πw/2³²: Taylor series on an eighth of a turn; nine terms leave 5·10⁻¹⁷.
    @inline(__always) static func turn(_ word: UInt32) -> (cosine: Double, sine: Double) {
        let quarter = (word &+ 0x2000_0000) >> 30
        let rest = Int32(bitPattern: word &- quarter << 30)
        let x = Double(rest) * (2 * Double.pi / 0x1p32)
        let q = x * x
        var s = -1.0 / 1_307_674_368_000
        s = s * q + 1.0 / 6_227_020_800
        s = s * q - 1.0 / 39_916_800
        s = s * q + 1.0 / 362_880
        s = s * q - 1.0 / 5_040
        s = s * q + 1.0 / 120
        s = s * q - 1.0 / 6
        let sine = x + x * q * s
        var c = 1.0 / 20_922_789_888_000
        c = c * q - 1.0 / 87_178_291_200
        c = c * q + 1.0 / 479_001_600
        c = c * q - 1.0 / 3_628_800
        c = c * q + 1.0 / 40_320
        c = c * q - 1.0 / 720
        c = c * q + 1.0 / 24
        c = c * q - 0.5
        let cosine = 1 + q * c
        let (first, second) = quarter & 1 == 0 ? (cosine, sine) : (sine, cosine)
        return (quarter == 1 || quarter == 2 ? -first : first, quarter >= 2 ? -second : second)
    }
}
