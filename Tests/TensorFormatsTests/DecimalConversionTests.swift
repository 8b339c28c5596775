import Glibc
import Testing

@testable import TensorFormats

/// A number halfway between two subnormal doubles, with all its digits.
private let subnormalMidpoint =
    [
        "3.237883913302901289588352412501532174863037669423108059901297049552301970670676565786835742587799557860615776",
        "55983828343551439108415316925268919056439645957739461803892836530514346395510035669666562920201733134403173004",
        "43693602052583458034314716600326995807313009548483639755486900107515300188817581841745696521731104736960227499",
        "34638425380623369774736560008997404060967498028389191878963968575439222206416981462690113342524002724385941651",
        "05129355260142115533343022523729152384332233132613843147782359114240880003077517062591567072865700315195366426",
        "07698224949379518458015308952384398197084033899378732414634842056080000272705311068273879077914449185347715987",
        "50162812548862768493201518991668028251730299953143924168545708663913273994694463908672332763671875",
        "e-319",
    ].joined()

@Suite struct DecimalConversionTests {
    /// The number in `text` as both types, through the scanner's conversion.
    private func converted(_ text: [UInt8]) throws -> (double: Double, float: Float) {
        try text.withUnsafeBytes { bytes in
            let base = bytes.baseAddress!
            var position = 0
            let number = try DecimalNumber.scan(base, &position, bytes.count)
            #expect(position == bytes.count)
            return (number.value(as: Double.self, base), number.value(as: Float.self, base))
        }
    }

    /// Compares with the C library in bits and returns whether both types agree.
    private func agrees(_ text: String) throws -> Bool {
        let (double, float) = try converted(Array(text.utf8))
        let expected = text.withCString { (strtod($0, nil), strtof($0, nil)) }
        return double.bitPattern == expected.0.bitPattern && float.bitPattern == expected.1.bitPattern
    }

    @Test(arguments: [
        "0", "-0", "0.0", "-0.0e-5", "1", "-1", "0.1", "123456789", "9007199254740993", "16777217", "1e22", "1e23", "1e-22",
        "1e308", "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "1e309", "1e999", "-1e999",
        "3.4028234663852886e38", "3.4028235677973366e38", "3.40282356779733661637539395458e38", "3.4028235677973365e38", "3.5e38",
        "4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "1e-324", "5e-324", "1e-400", "1e-999",
        "2.2250738585072011e-308", "2.2250738585072014e-308", "2.2250738585072012e-308", "1.1754943508222875e-38",
        "1.1754942106924411e-38", "1.4012984643248170709e-45", "7.0064923216240853546e-46", "7.0064923216240862e-46", "7e-46", "1e-64",
        "1e-65", "9999999999999999999e-65",
        "18446744073709551615", "18446744073709551616", "9999999999999999999",
        "99999999999999999999", "9007199254740992.5", "9007199254740993.0000000000000000000000001",
        "9007199254740992.99999999999999999999999999999", "16777217.0000000000000000000000001", "16777216.99999999999999999999999",
        "0.000000000000000000000000000000000000000000000000000000000000001e60", "1000000000000000000000000000000e-30",
        "6.631236846766476e-316", subnormalMidpoint,
        "1e00000000000000000000000000000000000001", "1e99999999999999999999999999", "0e99999999999999999999",
        "1e-99999999999999999999999999",
    ])
    func knownHardNumbers_areRoundedLikeTheCLibrary(_ text: String) throws {
        #expect(try agrees(text))
    }

    @Test func randomDigitsAndExponents_areRoundedLikeTheCLibrary() throws {
        var generator = SeededGenerator(seed: 2)
        var failures: [String] = []
        for _ in 0..<(runsFullTests ? 1_000_000 : 60_000) {
            var text = Bool.random(using: &generator) ? "-" : ""
            let digitCount = Int.random(in: 1...(generator.next() % 64 == 0 ? 900 : 26), using: &generator)
            let pointAt = Int.random(in: 1...digitCount, using: &generator)
            for index in 0..<digitCount {
                if index == pointAt { text += "." }
                let first: UInt8 = index == 0 && pointAt > 1 ? 1 : 0
                text += String(UInt8.random(in: first...9, using: &generator))
            }
            switch generator.next() % 3 {
            case 0: text += "e\(Int.random(in: -360...330, using: &generator))"
            case 1: text += "E\(Int.random(in: -66...40, using: &generator))"
            default: break
            }
            if try !agrees(text) { failures.append(text) }
        }
        #expect(failures == [])
    }

    @Test func everyValueInItsOwnDigits_isReadBack() throws {
        var generator = SeededGenerator(seed: 3)
        var failures: [String] = []
        for index in 0..<(runsFullTests ? 1_000_000 : 40_000) {
            // A third of the doubles subnormal or close to it.
            let mask: UInt64 = index % 3 == 0 ? 0x803F_FFFF_FFFF_FFFF : .max
            let double = Double(bitPattern: generator.next() & mask)
            let float = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()) & (index % 3 == 0 ? 0x81FF_FFFF : .max))
            for text in [double.isFinite ? "\(double)" : "0", float.isFinite ? "\(float)" : "0"] {
                if try !agrees(text) { failures.append(text) }
            }
        }
        #expect(failures == [])
    }

    /// Midpoints of neighbouring values, and numbers just beside them, decide by their very last digit.
    @Test func midpointsAndTheirNeighbours_areRoundedLikeTheCLibrary() throws {
        var generator = SeededGenerator(seed: 4)
        var failures: [String] = []
        for index in 0..<(runsFullTests ? 40_000 : 500) {
            let midpoint: ExactDecimal
            if index % 2 == 0 {
                let bits = generator.next() & (index % 8 == 0 ? 0x000F_FFFF_FFFF_FFFF : 0x7FDF_FFFF_FFFF_FFFF)
                let biased = Int(bits >> 52)
                let significand = bits & (1 << 52 - 1) | (biased == 0 ? 0 : 1 << 52)
                midpoint = ExactDecimal(2 * significand + 1, power: max(biased, 1) - 1076)
            } else {
                let bits = UInt32(truncatingIfNeeded: generator.next()) & (index % 8 == 1 ? 0x007F_FFFF : 0x7EFF_FFFF)
                let biased = Int(bits >> 23)
                let significand = bits & (1 << 23 - 1) | (biased == 0 ? 0 : 1 << 23)
                midpoint = ExactDecimal(UInt64(2 * significand + 1), power: max(biased, 1) - 151)
            }
            var texts = [
                midpoint.text(), midpoint.text(suffix: "1"), midpoint.text(suffix: "0000000000000000000001"), midpoint.predecessorText,
            ]
            for digits in 17...22 { texts.append(midpoint.text(digits: digits)) }
            for text in texts where try !agrees(text) { failures.append(text) }
        }
        #expect(failures == [])
    }

    @Test func hugeNumberOfDigits_isExactAndLinear() throws {
        let zeros = String(repeating: "0", count: 200_000)
        #expect(try agrees("0." + zeros + "123e200001"))
        #expect(try agrees("9007199254740993" + "." + zeros + "1"))
        #expect(try agrees("1" + zeros + "e-200000"))
        #expect(try agrees(String(repeating: "7", count: 200_000) + "e-199999"))
    }

    @Test func powersOfFive_haveTheKnownLeadingBits() {
        let table = PowersOfFive.shared
        #expect(table[0] == (0x8000_0000_0000_0000, 0))
        #expect(table[1] == (0xA000_0000_0000_0000, 0))
        #expect(table[-1] == (0xCCCC_CCCC_CCCC_CCCC, 0xCCCC_CCCC_CCCC_CCCD))
        #expect(table[-342] == (0xEEF4_53D6_923B_D65A, 0x113F_AA29_06A1_3B3F))
        #expect(table[308] == (0x8E67_9C2F_5E44_FF8F, 0x570F_09EA_A7EA_7648))
    }
}
