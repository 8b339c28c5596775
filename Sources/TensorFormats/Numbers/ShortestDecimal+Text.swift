extension ShortestDecimal {
    /// The longest text, with room to spare: a sign, 17 digits, a point, and `e-308`, or 20 places before the point.
    static let maximumLength = 32

    /// Writes the number as JSON and returns the length: `0.001`, `-12.5`, `1.0`, `1e50`, `1.5e-9`.
    ///
    /// Magnitudes from 1e-6 up to 1e21 are written without an exponent. A whole number keeps `.0`, so that readers that distinguish
    /// integers see the same type for every value.
    ///
    /// - Precondition: `text` holds at least `maximumLength` bytes.
    func write(to text: UnsafeMutableBufferPointer<UInt8>) -> Int {
        precondition(text.count >= Self.maximumLength)
        var count = 0
        func put(_ byte: UInt8) {
            text[count] = byte
            count += 1
        }
        func putZeros(_ number: Int) { for _ in 0..<number { put(UInt8(ascii: "0")) } }

        if isNegative { put(UInt8(ascii: "-")) }
        let digitCount = digits.decimalDigitCount
        // The value is 0.ddd · 10^point.
        let point = digitCount + exponent
        switch point {
        case -5...0:
            put(UInt8(ascii: "0"))
            put(UInt8(ascii: "."))
            putZeros(-point)
            count += digits.writeDecimal(to: text, at: count, digitCount: digitCount)
        case 1...21 where exponent >= 0:
            count += digits.writeDecimal(to: text, at: count, digitCount: digitCount)
            putZeros(exponent)
            put(UInt8(ascii: "."))
            put(UInt8(ascii: "0"))
        case 1...21:
            count += digits.writeDecimal(to: text, at: count + 1, digitCount: digitCount)
            // The digits are one place too far right: move those before the point back and insert it.
            let first = count - digitCount
            for index in first..<first + point { text[index] = text[index + 1] }
            text[first + point] = UInt8(ascii: ".")
            count += 1
        default:
            count += digits.writeDecimal(to: text, at: count + 1, digitCount: digitCount)
            let first = count - digitCount
            text[first] = text[first + 1]
            if digitCount > 1 {
                text[first + 1] = UInt8(ascii: ".")
                count += 1
            }
            put(UInt8(ascii: "e"))
            if point < 1 { put(UInt8(ascii: "-")) }
            let magnitude = UInt64((point - 1).magnitude)
            count += magnitude.writeDecimal(to: text, at: count, digitCount: magnitude.decimalDigitCount)
        }
        return count
    }
}

extension ShortestDecimal {
    /// The text of a value for messages, including values that JSON cannot represent.
    static func text<Value: FeatureScalar>(of value: Value) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: maximumLength) { text in
            String(decoding: text[..<ShortestDecimal(value).write(to: text)], as: UTF8.self)
        }
    }
}

extension UInt64 {
    /// The number of decimal digits; 1 for zero.
    var decimalDigitCount: Int {
        var count = 1
        var rest = self
        while rest >= 10_000 {
            rest /= 10_000
            count += 4
        }
        return rest < 10 ? count : rest < 100 ? count + 1 : rest < 1000 ? count + 2 : count + 3
    }

    /// Writes the number in decimal at `position` and returns `digitCount`, which must be its number of digits.
    func writeDecimal(to text: UnsafeMutableBufferPointer<UInt8>, at position: Int, digitCount: Int) -> Int {
        precondition(position >= 0 && digitCount <= text.count - position)
        var rest = self
        for index in stride(from: position + digitCount - 1, through: position, by: -1) {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
            text[index] = UInt8(truncatingIfNeeded: remainder) &+ UInt8(ascii: "0")
            rest = quotient
        }
        return digitCount
    }
}
