/// Percent-decoding (RFC 3986, section 2.1) of octets that the parser has accepted.
enum PercentDecoding {
    /// Decodes `text` into `output`, which is at least as long, and returns the number of octets written. `+` stays `+`.
    static func decode(_ text: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        precondition(output.count >= text.count)
        var at = 0
        var written = 0
        while at < text.count {
            output[written] = octet(text, &at)
            written += 1
        }
        return written
    }

    /// Whether `text` is `plain` after decoding.
    static func equals(_ text: UnsafeRawBufferPointer, _ plain: StaticString) -> Bool {
        var at = 0
        var index = 0
        while at < text.count {
            guard index < plain.utf8CodeUnitCount, octet(text, &at) == plain.utf8Start[index] else { return false }
            index += 1
        }
        return index == plain.utf8CodeUnitCount
    }

    /// The decoded text, or nil if it is not UTF-8.
    static func string(_ text: UnsafeRawBufferPointer) -> String? {
        withUnsafeTemporaryAllocation(byteCount: text.count, alignment: 1) { buffer in
            let count = decode(text, into: buffer)
            return String(validating: UnsafeRawBufferPointer(rebasing: buffer[..<count]), as: UTF8.self)
        }
    }

    /// One decoded octet; a percent sign without two digits stands for itself.
    private static func octet(_ text: UnsafeRawBufferPointer, _ at: inout Int) -> UInt8 {
        let first = text[at]
        if first == UInt8(ascii: "%"), at + 2 < text.count, let high = Octets.hexadecimal(text[at + 1]),
            let low = Octets.hexadecimal(text[at + 2])
        {
            at += 3
            return high << 4 | low
        }
        at += 1
        return first
    }
}
