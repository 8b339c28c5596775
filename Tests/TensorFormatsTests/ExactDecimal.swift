/// The exact decimal digits of m·2^e, by schoolbook arithmetic: an oracle that shares nothing with the code under test.
struct ExactDecimal {
    /// The digits, the most significant first.
    private(set) var digits: [UInt8]
    /// The value is 0.d₁d₂d₃… · 10^point.
    private(set) var point: Int

    init(_ mantissa: UInt64, power: Int) {
        // Little-endian limbs of nine digits; a negative power of two is a power of five with the point moved.
        var limbs: [UInt64] = []
        var rest = mantissa
        while rest > 0 {
            limbs.append(rest % 1_000_000_000)
            rest /= 1_000_000_000
        }
        let step: (factor: UInt64, exponent: Int) = power < 0 ? (1_953_125, 9) : (1 << 20, 20)
        let unit: UInt64 = power < 0 ? 5 : 2
        for _ in 0..<abs(power) / step.exponent { Self.multiply(&limbs, by: step.factor) }
        for _ in 0..<abs(power) % step.exponent { Self.multiply(&limbs, by: unit) }
        digits = limbs.reversed().flatMap { limb in
            stride(from: 8, through: 0, by: -1).map { place in
                UInt8(limb / (0..<place).reduce(1) { value, _ in value * 10 } % 10)
            }
        }
        point = digits.count + min(power, 0)
        let leadingZeros = digits.prefix { $0 == 0 }.count
        digits.removeFirst(leadingZeros)
        point -= leadingZeros
        while digits.last == 0 { digits.removeLast() }
    }

    private static func multiply(_ limbs: inout [UInt64], by factor: UInt64) {
        var carry: UInt64 = 0
        for index in limbs.indices {
            let product = limbs[index] * factor + carry
            limbs[index] = product % 1_000_000_000
            carry = product / 1_000_000_000
        }
        while carry > 0 {
            limbs.append(carry % 1_000_000_000)
            carry /= 1_000_000_000
        }
    }

    /// The first `count` digits as JSON, then `suffix`: `0.123…e5`.
    func text(digits count: Int = .max, suffix: String = "") -> String {
        "0." + String(decoding: digits.prefix(count).map { $0 + 48 }, as: UTF8.self) + suffix + "e\(point)"
    }

    /// The number one unit of its last digit below, as JSON.
    var predecessorText: String {
        var lower = self
        var index = lower.digits.count - 1
        while lower.digits[index] == 0 {
            lower.digits[index] = 9
            index -= 1
        }
        lower.digits[index] -= 1
        return lower.text()
    }
}
