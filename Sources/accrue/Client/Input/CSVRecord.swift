import Foundation

/// One record of a table: its fields, with quotes resolved.
struct CSVRecord {
    /// The line on which it began, from 1.
    var line = 0
    /// The fields, each followed by a zero.
    private(set) var text: [UInt8] = []
    private(set) var ranges: [Range<Int>] = []

    var count: Int { ranges.count }

    /// All fields as texts.
    var strings: [String] { (0..<count).map(string) }

    /// A field as text; invalid UTF-8 is replaced.
    func string(_ index: Int) -> String { withField(index) { String(decoding: $0, as: UTF8.self) } }

    /// Calls `body` with the bytes of a field, without spaces around it; spaces within quotation marks stay.
    func withField<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try text.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[ranges[index]])) }
    }

    /// A field as a number, or nil. Only finite decimal numbers: no `nan`, no hexadecimal digits.
    func number(_ index: Int) -> Double? {
        let range = ranges[index]
        guard !range.isEmpty else { return nil }
        return text.withUnsafeBytes { text -> Double? in
            for byte in text[range] {
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"),
                    UInt8(ascii: "e"), UInt8(ascii: "E"):
                    continue
                default: return nil
                }
            }
            let start = text.baseAddress!.assumingMemoryBound(to: CChar.self) + range.lowerBound
            var stop: UnsafeMutablePointer<CChar>?
            // Rounds once, to nearest; the zero after the field ends it.
            let value = strtod(start, &stop)
            guard let stop, UnsafePointer(stop) == start + range.count, value.isFinite else { return nil }
            return value
        }
    }

    /// Whether a field is a number written with a decimal comma.
    func hasDecimalComma(_ index: Int) -> Bool {
        let parts = string(index).split(separator: ",", omittingEmptySubsequences: false)
        return parts.count == 2 && number(index) == nil && Double(parts.joined(separator: ".")) != nil
    }

    // MARK: Writing

    /// The number of bytes so far.
    var byteCount: Int { text.count }

    mutating func clear() {
        text.removeAll(keepingCapacity: true)
        ranges.removeAll(keepingCapacity: true)
    }

    mutating func append(_ bytes: some Collection<UInt8>) { text.append(contentsOf: bytes) }

    /// Removes trailing spaces and tabs of a field that began at `start`.
    mutating func trim(from start: Int) {
        while text.count > start, text[text.count - 1] == 0x20 || text[text.count - 1] == 0x09 { text.removeLast() }
    }

    /// Ends a field that began at `start`.
    mutating func close(_ start: Int) {
        ranges.append(start..<text.count)
        text.append(0)
    }
}
