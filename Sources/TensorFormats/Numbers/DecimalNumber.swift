/// The decimal value of a JSON number: its sign, its first nineteen significant digits and its power of ten.
struct DecimalNumber {
    /// The first 19 significant digits as an integer (all of them if there are no more).
    var significand: UInt64 = 0
    /// The value is ± `significand` · 10^`exponent`, except for truncation.
    var exponent = 0
    var isNegative = false
    /// Whether a digit other than zero follows the 19 that `significand` holds.
    var isTruncated = false
    /// Whether the token has neither fraction nor exponent.
    var isInteger = true
    /// Where the token starts, including its sign.
    var start = 0
    /// Where its digits end and its exponent, if any, begins.
    var digitsEnd = 0

    /// What is wrong with the spelling of a number.
    enum Fault: Error {
        case noDigits, leadingZero, noFractionDigits, noExponentDigits

        var reason: String {
            switch self {
            case .noDigits: "a digit is missing after the sign"
            case .leadingZero: "leading zeros are not allowed"
            case .noFractionDigits: "a digit is missing after the decimal point"
            case .noExponentDigits: "a digit is missing in the exponent"
            }
        }
    }

    /// Reads the longest number at `position` by the grammar of RFC 8259, section 6, and moves `position` past it.
    ///
    /// - Parameters:
    ///   - base: The text; bytes `position..<end` of it are read.
    ///   - position: Where the number starts; afterwards where it ends, or the place of the error.
    /// - Complexity: Linear in the length of the number, without allocation.
    @inline(__always)
    static func scan(_ base: UnsafeRawPointer, _ position: inout Int, _ end: Int) throws(Fault) -> DecimalNumber {
        var number = DecimalNumber()
        number.start = position
        if position < end, byte(base, position) == UInt8(ascii: "-") {
            number.isNegative = true
            position &+= 1
        }
        let digits = position
        var significand: UInt64 = 0
        readDigits(base, &position, end, into: &significand)
        var digitCount = position &- digits
        if digitCount == 0 { throw .noDigits }
        if digitCount > 1, byte(base, digits) == UInt8(ascii: "0") {
            position = digits
            throw .leadingZero
        }
        var exponent = 0
        if position < end, byte(base, position) == UInt8(ascii: ".") {
            number.isInteger = false
            position &+= 1
            let fraction = position
            while end &- position >= 8 {
                let word = DigitWord(base, position)
                guard word.count == 8 else { break }
                significand = significand &* 100_000_000 &+ word.value(of: 8)
                position &+= 8
            }
            readDigits(base, &position, end, into: &significand)
            if position == fraction { throw .noFractionDigits }
            exponent = fraction &- position
            digitCount &+= position &- fraction
        }
        number.digitsEnd = position
        if position < end, byte(base, position) | 0x20 == UInt8(ascii: "e") {
            number.isInteger = false
            position &+= 1
            exponent &+= try scanExponent(base, &position, end)
        }
        number.significand = significand
        number.exponent = exponent
        // Nineteen digits always fit in 64 bits; only longer numbers need a second look.
        if digitCount > 19 { number.keepNineteenDigits(base, digits) }
        return number
    }

    /// Reads a number of the form of typical features: one digit, a point and up to 23 more digits, without a branch on their count.
    ///
    /// The lengths of written features are all but random. A processor that mispredicts every other number loses more time than all the
    /// arithmetic here takes.
    ///
    /// - Returns: nil for every other form, with `position` unchanged; `scan` reads those and reports their errors.
    /// - Complexity: Constant, without allocation.
    @inline(__always)
    static func scanFraction(_ base: UnsafeRawPointer, _ position: inout Int, _ end: Int) -> DecimalNumber? {
        // A sign, a digit, a point, three words of digits, and the byte after them.
        guard end &- position >= 28 else { return nil }
        let isNegative = byte(base, position) == UInt8(ascii: "-")
        let first = position &+ (isNegative ? 1 : 0)
        let leading = byte(base, first) &- UInt8(ascii: "0")
        guard leading <= 9, byte(base, first &+ 1) == UInt8(ascii: ".") else { return nil }
        let fraction = first &+ 2
        let upper = DigitWord(base, fraction)
        let isFull = upper.count == 8
        let middle = DigitWord(base, fraction &+ 8)
        let middleCount = isFull ? middle.count : 0
        var count = upper.count &+ middleCount
        var significand = UInt64(leading) &* DigitWord.power(upper.count) &+ upper.value(of: upper.count)
        significand = significand &* DigitWord.power(middleCount) &+ middle.value(of: middleCount)
        if count == 16 {
            let lower = DigitWord(base, fraction &+ 16)
            significand = significand &* DigitWord.power(lower.count) &+ lower.value(of: lower.count)
            count &+= lower.count
        }
        let after = fraction &+ count
        // More than 18 digits may not fit, and none is an error.
        guard count &- 1 < 18, count > 0, byte(base, after) | 0x20 != UInt8(ascii: "e") else { return nil }
        var number = DecimalNumber()
        number.start = position
        number.isNegative = isNegative
        number.isInteger = false
        number.significand = significand
        number.exponent = 0 &- count
        number.digitsEnd = after
        position = after
        return number
    }

    @inline(__always)
    private static func byte(_ base: UnsafeRawPointer, _ position: Int) -> UInt8 {
        base.load(fromByteOffset: position, as: UInt8.self)
    }

    @inline(__always)
    private static func readDigits(_ base: UnsafeRawPointer, _ position: inout Int, _ end: Int, into significand: inout UInt64) {
        while position < end {
            let digit = byte(base, position) &- UInt8(ascii: "0")
            if digit > 9 { return }
            significand = significand &* 10 &+ UInt64(digit)
            position &+= 1
        }
    }

    @inline(__always)
    private static func scanExponent(_ base: UnsafeRawPointer, _ position: inout Int, _ end: Int) throws(Fault) -> Int {
        var isNegative = false
        if position < end {
            let sign = byte(base, position)
            if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
                isNegative = sign == UInt8(ascii: "-")
                position &+= 1
            }
        }
        let first = position
        var magnitude = 0
        while position < end {
            let digit = byte(base, position) &- UInt8(ascii: "0")
            if digit > 9 { break }
            // Far beyond any exponent that digits in memory could bring back into range, and far from overflow.
            if magnitude < 1 << 56 { magnitude = magnitude &* 10 &+ Int(digit) }
            position &+= 1
        }
        if position == first { throw .noExponentDigits }
        return isNegative ? -magnitude : magnitude
    }

    /// Reads the digits again without leading zeros and keeps the first 19.
    @inline(never)
    private mutating func keepNineteenDigits(_ base: UnsafeRawPointer, _ digits: Int) {
        var kept = 0
        significand = 0
        for position in digits..<digitsEnd {
            let byte = Self.byte(base, position)
            if byte == UInt8(ascii: ".") { continue }
            let digit = UInt64(byte &- UInt8(ascii: "0"))
            if kept < 19 {
                if kept == 0, digit == 0 { continue }
                significand = significand &* 10 &+ digit
                kept &+= 1
            } else {
                exponent &+= 1
                if digit != 0 { isTruncated = true }
            }
        }
    }
}
