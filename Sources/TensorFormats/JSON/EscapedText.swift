/// The content of a JSON string that has been validated, with its escapes unresolved.
struct EscapedText {
    /// The bytes between the quotation marks.
    let raw: UnsafeRawBufferPointer
    let hasEscapes: Bool

    /// The text with its escapes resolved.
    var string: String {
        guard hasEscapes else { return String(decoding: raw, as: UTF8.self) }
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the text with its escapes resolved, which never makes it longer.
    func append(to bytes: inout [UInt8]) {
        guard hasEscapes else {
            bytes.append(contentsOf: raw)
            return
        }
        var position = 0
        while let unit = next(&position) {
            for index in 0..<unit.count { bytes.append(UInt8(truncatingIfNeeded: unit.bytes &>> UInt32(8 &* index))) }
        }
    }

    /// Whether the text with its escapes resolved has the given bytes.
    func equals(_ other: UnsafeRawBufferPointer) -> Bool {
        if !hasEscapes {
            guard raw.count == other.count else { return false }
            for index in 0..<raw.count where raw[index] != other[index] { return false }
            return true
        }
        var position = 0
        var compared = 0
        while let unit = next(&position) {
            guard other.count - compared >= unit.count else { return false }
            for index in 0..<unit.count {
                guard other[compared] == UInt8(truncatingIfNeeded: unit.bytes &>> UInt32(8 &* index)) else { return false }
                compared += 1
            }
        }
        return compared == other.count
    }

    /// The next byte, or the next escape as UTF-8, first byte lowest.
    private func next(_ position: inout Int) -> (bytes: UInt32, count: Int)? {
        guard position < raw.count else { return nil }
        let byte = raw[position]
        position += 1
        guard byte == UInt8(ascii: "\\") else { return (UInt32(byte), 1) }
        let escape = raw[position]
        position += 1
        switch escape {
        case UInt8(ascii: "b"): return (0x08, 1)
        case UInt8(ascii: "f"): return (0x0C, 1)
        case UInt8(ascii: "n"): return (0x0A, 1)
        case UInt8(ascii: "r"): return (0x0D, 1)
        case UInt8(ascii: "t"): return (0x09, 1)
        case UInt8(ascii: "u"): break
        default: return (UInt32(escape), 1)
        }
        var scalar = hexadecimal(at: position)
        position += 4
        if scalar & 0xFC00 == 0xD800 {
            // Validation has ensured that the other half follows.
            scalar = 0x1_0000 + (scalar & 0x3FF) << 10 + hexadecimal(at: position + 2) & 0x3FF
            position += 6
        }
        return Self.utf8(of: scalar)
    }

    private func hexadecimal(at position: Int) -> UInt32 {
        var value: UInt32 = 0
        for index in position..<position + 4 { value = value << 4 | UInt32(Self.nibble(raw[index]) ?? 0) }
        return value
    }

    /// The value of a hexadecimal digit.
    static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// RFC 3629, section 3.
    private static func utf8(of scalar: UInt32) -> (bytes: UInt32, count: Int) {
        let last = scalar & 0x3F | 0x80
        if scalar < 0x80 { return (scalar, 1) }
        if scalar < 0x800 { return (0xC0 | scalar >> 6 | last << 8, 2) }
        let third = scalar >> 6 & 0x3F | 0x80
        if scalar < 0x1_0000 { return (0xE0 | scalar >> 12 | third << 8 | last << 16, 3) }
        return (0xF0 | scalar >> 18 | (scalar >> 12 & 0x3F | 0x80) << 8 | third << 16 | last << 24, 4)
    }
}
