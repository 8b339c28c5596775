extension DecimalNumber {
    /// A number as an integer.
    enum Whole: Equatable {
        /// An integer of this magnitude.
        case magnitude(UInt64)
        /// The number has a fractional part.
        case fractional
        /// The magnitude exceeds 64 bits.
        case tooLarge
    }

    /// The number as an integer, without rounding and in any notation: `30e-1` is 3, `3.00000000000000000001` is not an integer.
    ///
    /// - Parameter base: The text that `scan` read, for the rare numbers of more than nineteen digits.
    /// - Complexity: Constant for up to nineteen digits, otherwise linear in their number.
    func whole(_ base: UnsafeRawPointer) -> Whole {
        if isTruncated { return wholeOfManyDigits(base) }
        guard significand > 0 else { return .magnitude(0) }
        var magnitude = significand
        var power = exponent
        // At most nineteen zeros are removed and twenty digits fit, whatever the exponent is.
        while power < 0 {
            let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: 10)
            if remainder > 0 { return .fractional }
            magnitude = quotient
            power += 1
        }
        while power > 0 {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            if overflow { return .tooLarge }
            magnitude = product
            power -= 1
        }
        return .magnitude(magnitude)
    }

    /// A digit other than zero follows the nineteen of `significand`: the integer can fit only if that is the twentieth.
    private func wholeOfManyDigits(_ base: UnsafeRawPointer) -> Whole {
        guard exponent > 0 else { return .fractional }
        guard exponent == 1 else { return .tooLarge }
        var count = 0
        var twentieth: UInt64 = 0
        for position in start..<digitsEnd {
            let byte = base.load(fromByteOffset: position, as: UInt8.self)
            // Skips the sign, the decimal point and leading zeros.
            guard byte >= UInt8(ascii: "0"), count > 0 || byte > UInt8(ascii: "0") else { continue }
            count += 1
            let digit = UInt64(byte - UInt8(ascii: "0"))
            if count == 20 { twentieth = digit } else if count > 20, digit > 0 { return .fractional }
        }
        let (product, overflow) = significand.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(twentieth)
        return overflow || carry ? .tooLarge : .magnitude(sum)
    }
}
