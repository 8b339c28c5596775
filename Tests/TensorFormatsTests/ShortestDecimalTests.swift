import Testing

@testable import TensorFormats

@Suite struct ShortestDecimalTests {
    private func text<Value: FeatureScalar>(_ value: Value) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: ShortestDecimal.maximumLength) { buffer in
            String(decoding: buffer[..<ShortestDecimal(value).write(to: buffer)], as: UTF8.self)
        }
    }

    @Test(
        arguments: [
            (0.0, "0.0"), (-0.0, "-0.0"), (1, "1.0"), (-1.5, "-1.5"), (0.1, "0.1"), (1e50, "1e50"), (1.25e-9, "1.25e-9"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"), (123_456, "123456.0"), (1e20, "100000000000000000000.0"), (1e21, "1e21"), (0.3, "0.3"),
            (0.1 + 0.2, "0.30000000000000004"),
            (Double.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e308"),
            (2.2250738585072014e-308, "2.2250738585072014e-308"),
            (9007199254740992, "9007199254740992.0"), (9007199254740994, "9007199254740994.0"),
            (-1.2345678901234568e-300, "-1.2345678901234568e-300"),
            (123456789012345683968, "123456789012345680000.0"), (12345.678, "12345.678"),
        ] as [(Double, String)])
    func doubles_haveTheExpectedText(_ value: Double, _ expected: String) {
        #expect(text(value) == expected)
    }

    @Test(
        arguments: [
            (0.1, "0.1"), (16_777_216, "16777216.0"), (3.4028235e38, "3.4028235e38"), (Float.leastNonzeroMagnitude, "1e-45"), (0.3, "0.3"),
        ]
            as [(Float, String)])
    func floats_haveTheExpectedText(_ value: Float, _ expected: String) {
        #expect(text(value) == expected)
    }

    /// The digits and the power of ten of a number that the standard library printed.
    private func parts(of description: String) -> ShortestDecimal {
        var decimal = ShortestDecimal(0.0)
        decimal.isNegative = description.hasPrefix("-")
        var isFraction = false
        let halves = description.split(separator: "e")
        for byte in halves[0].utf8 {
            if byte == UInt8(ascii: ".") { isFraction = true }
            guard byte >= UInt8(ascii: "0") else { continue }
            decimal.digits = decimal.digits * 10 + UInt64(byte - 48)
            if isFraction { decimal.exponent -= 1 }
        }
        if halves.count == 2 { decimal.exponent += Int(halves[1])! }
        while decimal.digits % 10 == 0 {
            decimal.digits /= 10
            decimal.exponent += 1
        }
        return decimal
    }

    @Test func randomValues_haveTheDigitsOfTheStandardLibrary() {
        var generator = SeededGenerator(seed: 5)
        var failures: [String] = []
        for index in 0..<(runsFullTests ? 1_000_000 : 50_000) {
            // Including subnormals and powers of two, whose lower neighbour is closer.
            let mask: UInt64 = index % 4 == 0 ? 0xFFF0_0000_0000_0000 : index % 4 == 1 ? 0x801F_FFFF_FFFF_FFFF : .max
            let double = Double(bitPattern: generator.next() & mask)
            if double.isFinite, double != 0, ShortestDecimal(double) != parts(of: "\(double)") { failures.append("\(double)") }
            let floatMask: UInt32 = index % 4 == 0 ? 0xFF80_0000 : index % 4 == 1 ? 0x80FF_FFFF : .max
            let float = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()) & floatMask)
            if float.isFinite, float != 0, ShortestDecimal(float) != parts(of: "\(float)") { failures.append("\(float)") }
        }
        #expect(failures == [])
    }

    @Test func everyPowerOfTwo_hasTheDigitsOfTheStandardLibrary() {
        for exponent in -1074...1023 {
            let value = Double(sign: .plus, exponent: exponent, significand: 1)
            #expect(ShortestDecimal(value) == parts(of: "\(value)"))
        }
        for exponent in -149...127 {
            let value = Float(sign: .plus, exponent: exponent, significand: 1)
            #expect(ShortestDecimal(value) == parts(of: "\(value)"))
        }
    }
}
