import Foundation

/// Cuts a stream of comma-separated values into records and fields (RFC 4180), in constant memory.
///
/// Fields may be quoted, and quoted ones hold separators, line ends and doubled quotation marks. Lines end with LF or CRLF. Empty lines
/// and a byte order mark are passed over.
struct CSVRecords {
    /// The separator of fields.
    let separator: UInt8
    private let stream: ByteStream
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)
    private var position = 0
    private var end = 0
    private var isAtStart = true
    /// The line on which the next record begins, from 1.
    private var nextLine = 1

    /// The line on which the last record began, from 1.
    private(set) var line = 0
    /// The fields of the last record, their quotes resolved, a zero behind each.
    private var text: [UInt8] = []
    private var ranges: [Range<Int>] = []

    init(_ stream: ByteStream, separator: UInt8) {
        self.stream = stream
        self.separator = separator
    }

    var count: Int { ranges.count }

    /// A field as text; octets that are no UTF-8 are replaced.
    func string(_ index: Int) -> String { withField(index) { String(decoding: $0, as: UTF8.self) } }

    /// Calls `body` with the bytes of a field; spaces around it are left out, those within quotation marks stay.
    func withField<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try text.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[ranges[index]])) }
    }

    /// A field as a number; nil where it is none. Finite decimal numbers only: no `nan`, no hexadecimal digits.
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
            // Rounds once, to the nearest; the zero behind the field ends it.
            let value = strtod(start, &stop)
            guard let stop, UnsafePointer(stop) == start + range.count, value.isFinite else { return nil }
            return value
        }
    }

    /// Reads the next record.
    ///
    /// - Returns: false at the end.
    /// - Throws: `InputError` that names line and column.
    mutating func next() throws -> Bool {
        if isAtStart { try skipByteOrderMark() }
        text.removeAll(keepingCapacity: true)
        ranges.removeAll(keepingCapacity: true)
        while true {
            guard try position < end || fill() else { return false }
            let byte = buffer[position]
            // An empty line is no record.
            if byte == 10 || byte == 13 {
                position += 1
                if byte == 10 { nextLine += 1 }
                continue
            }
            break
        }
        line = nextLine
        while try !field() {}
        return true
    }

    /// Reads a field and what ends it.
    ///
    /// - Returns: whether the record has ended.
    private mutating func field() throws -> Bool {
        let start = text.count
        try skipSpaces()
        guard try position < end || fill() else {
            close(start)
            return true
        }
        if buffer[position] == UInt8(ascii: "\"") {
            position += 1
            try quotedText(start)
            close(start)
            try skipSpaces()
            guard try position < end || fill() else { return true }
            switch buffer[position] {
            case separator, 10, 13: break
            default: throw failure("something follows the closing quotation mark; quotation marks inside are written twice")
            }
        } else {
            try plainText(start)
            close(start)
        }
        guard try position < end || fill() else { return true }
        return endField()
    }

    /// Passes over a separator or a line's end.
    private mutating func endField() -> Bool {
        let byte = buffer[position]
        position += 1
        guard byte != separator else { return false }
        // A return is passed over with the line feed, or as an empty line's.
        if byte == 10 { nextLine += 1 }
        return true
    }

    private mutating func plainText(_ start: Int) throws {
        while try position < end || fill() {
            var stop = position
            while stop < end {
                let byte = buffer[stop]
                if byte == separator || byte == 10 || byte == 13 { break }
                stop += 1
            }
            try append(position..<stop, start)
            position = stop
            if stop < end { break }
        }
        while text.count > start, text[text.count - 1] == 0x20 || text[text.count - 1] == 0x09 { text.removeLast() }
    }

    private mutating func quotedText(_ start: Int) throws {
        while true {
            guard try position < end || fill() else { throw failure("a quotation mark has no second") }
            var stop = position
            while stop < end, buffer[stop] != UInt8(ascii: "\"") {
                if buffer[stop] == 10 { nextLine += 1 }
                stop += 1
            }
            try append(position..<stop, start)
            position = stop
            guard stop < end else { continue }
            position += 1
            guard try position < end || fill(), buffer[position] == UInt8(ascii: "\"") else { return }
            text.append(UInt8(ascii: "\""))
            position += 1
        }
    }

    private mutating func append(_ range: Range<Int>, _ start: Int) throws {
        guard text.count + range.count <= RowLimits.lineBytes else {
            throw failure("the row is longer than \(RowLimits.lineBytes) bytes; a quotation mark may lack its second")
        }
        text.append(contentsOf: buffer[range])
    }

    private mutating func close(_ start: Int) {
        ranges.append(start..<text.count)
        text.append(0)
    }

    private mutating func skipSpaces() throws {
        while try position < end || fill(), buffer[position] == 0x20 || buffer[position] == 0x09 && separator != 0x09 { position += 1 }
    }

    private mutating func skipByteOrderMark() throws {
        isAtStart = false
        if try stream.peek(3).elementsEqual([0xEF, 0xBB, 0xBF]) {
            try withUnsafeTemporaryAllocation(byteCount: 3, alignment: 1) { _ = try stream.read(into: $0) }
        }
    }

    private mutating func fill() throws -> Bool {
        let stream = stream
        end = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
        position = 0
        return end > 0
    }

    private func failure(_ why: String) -> InputError { InputError("\(stream.name), line \(line), column \(ranges.count + 1): \(why)") }
}
