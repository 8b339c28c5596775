extension DecimalNumber {
    /// What a number is as an integer.
    enum Whole: Equatable {
        /// An integer of this magnitude.
        case magnitude(UInt64)
        /// Something is left behind the decimal point.
        case fractional
        /// 64 bits do not hold it.
        case tooLarge
    }

    /// The number as an integer, without rounding and however it is written: `30e-1` is 3, `3.00000000000000000001` is none.
    ///
    /// - Parameter base: The text that `scan` read, for the rare numbers of more than nineteen digits.
    /// - Complexity: Linear in the number's digits where they are more than nineteen; else constant.
    func whole(_ base: UnsafeRawPointer) -> Whole {
        if isTruncated { return wholeOfManyDigits(base) }
        guard significand > 0 else { return .magnitude(0) }
        var magnitude = significand
        var power = exponent
        // At most nineteen zeros go and twenty digits fit, whatever the exponent says.
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

    /// A digit other than zero follows the nineteen of `significand`: only as the twentieth can it belong to an integer that fits.
    private func wholeOfManyDigits(_ base: UnsafeRawPointer) -> Whole {
        guard exponent > 0 else { return .fractional }
        guard exponent == 1 else { return .tooLarge }
        var count = 0
        var twentieth: UInt64 = 0
        for position in start..<digitsEnd {
            let byte = base.load(fromByteOffset: position, as: UInt8.self)
            // Neither the sign nor the decimal point, and no zero before all others.
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
