extension JSONScanner {
    /// Reads a number to the nearest `Double`.
    ///
    /// - Throws: `JSONError`; a number beyond `Double` (1e999) is refused.
    public mutating func readDouble(field: StaticString? = nil) throws(JSONError) -> Double {
        try expect(.number, "a number", field)
        let offset = position
        let number = try scanNumber { Self.place(field) }
        let value = number.value(as: Double.self, base)
        guard value.isFinite else {
            throw JSONError(.magnitude(token(from: offset), limit: .greatestFiniteMagnitude), at: offset, place: Self.place(field))
        }
        return value
    }

    /// Reads an integer: a number without fraction and exponent.
    ///
    /// - Throws: `JSONError`; `1.0` is not an integer, and a value beyond `Int` is out of range.
    public mutating func readInteger(field: StaticString? = nil) throws(JSONError) -> Int {
        try readFixedWidthInteger(field: field)
    }

    /// Reads an integer of any fixed-width type, such as a 64-bit seed.
    public mutating func readInteger<Integer: FixedWidthInteger>(
        as type: Integer.Type, field: StaticString? = nil
    ) throws(JSONError) -> Integer {
        try readFixedWidthInteger(field: field)
    }

    /// Reads a whole number in any notation: `3`, `3.0` and `3e0` are the same number, as in JSON Schema (draft 2020-12, validation,
    /// section 6.1.1). Nothing is rounded: `9007199254740993.0` is that integer.
    ///
    /// - Throws: `JSONError` for `3.5`, and for a number beyond `Int`.
    public mutating func readIntegralNumber(field: StaticString? = nil) throws(JSONError) -> Int {
        try readWholeNumber(field: field) { _ in true }
    }

    private mutating func readFixedWidthInteger<Integer: FixedWidthInteger>(field: StaticString?) throws(JSONError) -> Integer {
        try readWholeNumber(field: field) { $0.isInteger }
    }

    private mutating func readWholeNumber<Integer: FixedWidthInteger>(
        field: StaticString?, where isAllowed: (DecimalNumber) -> Bool
    ) throws(JSONError) -> Integer {
        try expect(.number, "an integer", field)
        let offset = position
        let number = try scanNumber { Self.place(field) }
        let whole = isAllowed(number) ? number.whole(base) : .fractional
        if case .magnitude(let magnitude) = whole, let value = Integer(magnitude, isNegative: number.isNegative) { return value }
        let text = token(from: offset)
        throw JSONError(whole == .fractional ? .notAnInteger(text) : .integerOutOfRange(text), at: offset, place: Self.place(field))
    }

    /// Reads the number at the scanner's position.
    @inline(__always)
    mutating func scanNumber(_ place: () -> JSONError.Place?) throws(JSONError) -> DecimalNumber {
        do {
            return try DecimalNumber.scan(base, &position, end)
        } catch {
            throw JSONError(.invalidNumber(error.reason), at: position, place: place())
        }
    }

    /// A number's text for messages, from `offset` to the scanner's position, shortened if it is very long.
    func token(from offset: Int) -> String {
        let length = position - offset
        let shown = UnsafeRawBufferPointer(start: base + offset, count: min(length, 40))
        return String(decoding: shown, as: UTF8.self) + (length > 40 ? "…" : "")
    }
}

extension FixedWidthInteger {
    /// The integer with this sign and magnitude, if the type holds it.
    init?(_ magnitude: UInt64, isNegative: Bool) {
        if isNegative, magnitude > 0 {
            // −(m − 1) − 1: the magnitude of the least Int64 has no positive counterpart.
            guard let rest = Int64(exactly: magnitude - 1) else { return nil }
            self.init(exactly: -1 - rest)
        } else {
            self.init(exactly: magnitude)
        }
    }
}
