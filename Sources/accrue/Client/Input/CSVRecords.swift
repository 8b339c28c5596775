import CommandSupport
import Foundation

/// Splits a stream of comma-separated values into records and fields (RFC 4180), in constant memory.
///
/// Quoted fields may contain separators, line ends and doubled quotation marks. Lines end with LF or CRLF. Empty lines and a byte order
/// mark are skipped.
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

    /// The last record.
    private(set) var record = CSVRecord()

    init(_ stream: ByteStream, separator: UInt8) {
        self.stream = stream
        self.separator = separator
    }

    /// Reads the next record.
    ///
    /// - Returns: false at the end.
    /// - Throws: `InputError` naming line and column.
    mutating func next() throws -> Bool {
        if isAtStart {
            isAtStart = false
            try stream.skipByteOrderMark()
        }
        record.clear()
        while true {
            guard try position < end || fill() else { return false }
            let byte = buffer[position]
            // An empty line is not a record.
            if byte == 10 || byte == 13 {
                position += 1
                if byte == 10 { nextLine += 1 }
                continue
            }
            break
        }
        record.line = nextLine
        while try !field() {}
        return true
    }

    /// Reads a field and its separator or line end.
    ///
    /// - Returns: whether the record has ended.
    private mutating func field() throws -> Bool {
        let start = record.byteCount
        try skipSpaces()
        guard try position < end || fill() else {
            record.close(start)
            return true
        }
        if buffer[position] == UInt8(ascii: "\"") {
            position += 1
            try quotedText(start)
            record.close(start)
            try skipSpaces()
            guard try position < end || fill() else { return true }
            switch buffer[position] {
            case separator, 10, 13: break
            default: throw failure("unexpected text after the closing quotation mark; write quotation marks inside a value twice")
            }
        } else {
            try plainText(start)
            record.close(start)
        }
        guard try position < end || fill() else { return true }
        return endField()
    }

    /// Skips a separator or a line end.
    private mutating func endField() -> Bool {
        let byte = buffer[position]
        position += 1
        guard byte != separator else { return false }
        // A return is skipped with its line feed, or as an empty line's.
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
        record.trim(from: start)
    }

    private mutating func quotedText(_ start: Int) throws {
        while true {
            guard try position < end || fill() else { throw failure("the closing quotation mark is missing") }
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
            record.append(CollectionOfOne(UInt8(ascii: "\"")))
            position += 1
        }
    }

    private mutating func append(_ range: Range<Int>, _ start: Int) throws {
        guard record.byteCount + range.count <= RowLimits.lineBytes else {
            throw failure("the row is longer than \(RowLimits.lineBytes) bytes; a closing quotation mark may be missing")
        }
        record.append(buffer[range])
    }

    private mutating func skipSpaces() throws {
        while try position < end || fill(), buffer[position] == 0x20 || buffer[position] == 0x09 && separator != 0x09 { position += 1 }
    }

    private mutating func fill() throws -> Bool {
        let stream = stream
        end = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
        position = 0
        return end > 0
    }

    private func failure(_ why: String) -> InputError {
        InputError("\(stream.name), line \(record.line), column \(record.count + 1): \(why)")
    }
}
