extension JSONScanner {
    /// Reads a string.
    ///
    /// - Complexity: Linear in its length; allocates if it is longer than 15 bytes.
    public mutating func readString(field: StaticString? = nil) throws(JSONError) -> String {
        try expect(.string, "a string", field)
        return try scanString(place: Self.place(field)).string
    }

    /// Reads a label, a string or an integer, and appends it to `strings`. An integer becomes its decimal digits (`-0` is `0`).
    ///
    /// - Parameters:
    ///   - strings: Receives the label. It is unchanged after an error.
    ///   - maximumBytes: The longest label allowed, in bytes of UTF-8.
    ///   - field: The name of the value in messages.
    ///   - row: The value's row in messages.
    public mutating func readStringOrInteger(
        into strings: inout PackedStrings, maximumBytes: Int, field: StaticString? = nil, row: Int? = nil
    ) throws(JSONError) {
        func place() -> JSONError.Place? { field.map { JSONError.Place(field: $0.description, row: row) } }
        let kind: JSONKind
        do { kind = try peekKind() } catch { throw JSONError(error.kind, at: error.offset, place: place()) }
        let offset = position
        switch kind {
        case .string:
            let text: EscapedText
            do { text = try scanString() } catch { throw JSONError(error.kind, at: error.offset, place: place()) }
            let start = strings.bytes.count
            // Resolving escapes shortens a text to a sixth at most, so a far longer one need not be resolved.
            if text.raw.count / 6 <= maximumBytes { text.append(to: &strings.bytes) }
            let length = strings.bytes.count - start
            guard length <= maximumBytes, text.raw.count / 6 <= maximumBytes else {
                strings.bytes.removeLast(length)
                throw JSONError(.tooLong(limit: maximumBytes), at: offset, place: place())
            }
            strings.ends.append(strings.bytes.count)
        case .number:
            let number = try scanNumber { place() }
            guard number.isInteger else { throw JSONError(.notAnInteger(token(from: offset)), at: offset, place: place()) }
            let isNegativeZero = number.isNegative && byte(at: offset + 1) == UInt8(ascii: "0")
            let start = isNegativeZero ? offset + 1 : offset
            guard position - start <= maximumBytes else {
                throw JSONError(.tooLong(limit: maximumBytes), at: offset, place: place())
            }
            strings.append(utf8: UnsafeRawBufferPointer(start: base + start, count: position - start))
        case .object, .array, .bool, .null:
            throw JSONError(.wrongKind(kind, expected: "a string or an integer"), at: offset, place: place())
        }
    }

    /// Reads an array of labels and returns their number.
    ///
    /// - Parameters:
    ///   - field: The name of the array in messages.
    ///   - strings: Receives the labels. It is unchanged after an error.
    ///   - maximumCount: The most labels allowed.
    ///   - maximumBytes: The longest label allowed, in bytes of UTF-8.
    public mutating func readLabels(
        field: StaticString, into strings: inout PackedStrings, maximumCount: Int, maximumBytes: Int
    ) throws(JSONError) -> Int {
        let before = strings.count
        do throws(JSONError) {
            try beginArray(field: field)
            while try nextElement() {
                let row = strings.count - before
                guard row < maximumCount else {
                    throw JSONError(.tooMany(limit: maximumCount), at: position, place: Self.place(field))
                }
                try readStringOrInteger(into: &strings, maximumBytes: maximumBytes, field: field, row: row)
            }
        } catch {
            strings.truncate(to: before)
            throw error
        }
        return strings.count - before
    }

    /// Reads and validates the string whose opening quotation mark is the next byte.
    mutating func scanString(place: @autoclosure () -> JSONError.Place? = nil) throws(JSONError) -> EscapedText {
        position &+= 1
        let start = position
        var hasEscapes = false
        while true {
            skipPlainText()
            guard position < end else { throw JSONError(.unexpectedEnd(expected: "'\"'"), at: position, place: place()) }
            let byte = byte(at: position)
            switch byte {
            case UInt8(ascii: "\""):
                let raw = UnsafeRawBufferPointer(start: base + start, count: position &- start)
                position &+= 1
                return EscapedText(raw: raw, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                if let kind = skipEscape() { throw JSONError(kind, at: position, place: place()) }
            case 0..<0x20:
                throw JSONError(.controlCharacter(byte), at: position, place: place())
            case 0x80...:
                let length = UTF8Sequence.length(base, position, end)
                if length == 0 { throw JSONError(.invalidUTF8, at: position, place: place()) }
                position &+= length
            default:
                position &+= 1
            }
        }
    }

    /// Skips bytes that need no check, eight at a time: printable ASCII other than quotation mark and backslash.
    @inline(__always)
    private mutating func skipPlainText() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits: UInt64 = 0x8080_8080_8080_8080
        while end &- position >= 8 {
            let word = base.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            // Subtracting n from a byte borrows into its high bit only below n: finds control characters and, xored, equal bytes.
            let quotes = word ^ ones &* UInt64(UInt8(ascii: "\""))
            let backslashes = word ^ ones &* UInt64(UInt8(ascii: "\\"))
            let special = (word &- ones &* 0x20) | (quotes &- ones) | (backslashes &- ones) | word
            if special & highBits != 0 { return }
            position &+= 8
        }
    }

    /// Skips the escape whose backslash is the next byte, or returns what is wrong with it.
    private mutating func skipEscape() -> JSONError.Kind? {
        guard end &- position >= 2 else {
            position = end
            return .unexpectedEnd(expected: "an escape")
        }
        switch byte(at: position &+ 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            position &+= 2
            return nil
        case UInt8(ascii: "u"):
            guard let unit = codeUnit(at: position) else { return .invalidEscape }
            if unit & 0xFC00 == 0xDC00 { return .loneSurrogate }
            if unit & 0xFC00 == 0xD800 {
                guard let low = codeUnit(at: position &+ 6), low & 0xFC00 == 0xDC00 else { return .loneSurrogate }
                position &+= 6
            }
            position &+= 6
            return nil
        default:
            return .invalidEscape
        }
    }

    /// The UTF-16 code unit of `\uXXXX` at `position`, if there is one.
    private func codeUnit(at position: Int) -> UInt16? {
        guard end &- position >= 6, byte(at: position) == UInt8(ascii: "\\"), byte(at: position &+ 1) == UInt8(ascii: "u") else {
            return nil
        }
        var unit: UInt16 = 0
        for index in position &+ 2..<position &+ 6 {
            guard let nibble = EscapedText.nibble(byte(at: index)) else { return nil }
            unit = unit << 4 | UInt16(nibble)
        }
        return unit
    }
}
