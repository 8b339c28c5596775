/// Splits a stream that arrives in pieces into lines, for NDJSON.
///
/// A line ends with a line feed, optionally after a carriage return, or with the stream. Lines of only white space and a byte order mark at
/// the start are skipped.
///
/// ```swift
/// try splitter.append(piece)
/// while let line = try splitter.nextLine() {
///     try splitter.withUnsafeBytes(of: line) { … }
/// }
/// ```
public struct LineSplitter: Sendable {
    /// A line, valid until the splitter is given more bytes.
    public struct Line: Sendable, Equatable {
        /// The number of the line, from 1, including skipped lines.
        public let number: Int
        /// The offset in bytes of its start in the stream.
        public let offset: Int
        /// The line's range in the splitter's buffer.
        fileprivate let range: Range<Int>
    }

    /// The line is longer than allowed.
    public struct LineTooLong: Error, Equatable, Sendable, CustomStringConvertible {
        /// The number of the line, from 1.
        public let number: Int
        /// The offset in bytes of its start in the stream.
        public let offset: Int
        /// The most bytes of a line.
        public let limit: Int

        /// For example `line 7 is longer than 65536 bytes (at byte 1200)`.
        public var description: String { "line \(number) is longer than \(limit) bytes (at byte \(offset))" }
    }

    /// The most bytes of a line, without its end.
    public let maximumLineBytes: Int

    private var buffer: [UInt8] = []
    /// Where the next line starts in `buffer`, and up to where there is no line feed.
    private var start = 0
    private var searched = 0
    /// The bytes of the stream before the buffer, and the number of lines before the next.
    private var droppedBytes = 0
    private var lineCount = 0
    private var isFinished = false

    /// A splitter at the start of a stream.
    public init(maximumLineBytes: Int) {
        self.maximumLineBytes = maximumLineBytes
    }

    /// Bytes held because their line is incomplete or was not requested yet.
    public var pendingByteCount: Int { buffer.count - start }

    /// Adds the next bytes of the stream.
    ///
    /// Memory stays bounded if all lines are taken before more is appended: less than a line is then left.
    ///
    /// - Complexity: Linear in the bytes and the rest of the last line.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if start > 0 {
            buffer.removeSubrange(..<start)
            droppedBytes += start
            searched -= start
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Ends the stream: the rest is a line.
    public mutating func finish() {
        isFinished = true
    }

    /// The next complete line, or nil until more bytes arrive.
    public mutating func nextLine() throws(LineTooLong) -> Line? {
        while true {
            skipByteOrderMark()
            let found = buffer.withUnsafeBufferPointer { Self.lineFeed(in: $0, from: searched) }
            searched = found ?? buffer.count
            // A carriage return at the very end may belong to an incomplete line end.
            let extra = searched > start && buffer[searched - 1] == 0x0D ? 1 : 0
            guard searched - start - extra <= maximumLineBytes else {
                throw LineTooLong(number: lineCount + 1, offset: droppedBytes + start, limit: maximumLineBytes)
            }
            guard found != nil || isFinished && searched > start else { return nil }
            let line = Line(number: lineCount + 1, offset: droppedBytes + start, range: start..<searched - extra)
            lineCount += 1
            if found != nil { searched += 1 }
            start = searched
            if !isBlank(line.range) { return line }
        }
    }

    /// Calls `body` with the bytes of a line, without its end; they are valid only during the call.
    ///
    /// - Precondition: Nothing was appended since the line was found.
    public func withUnsafeBytes<Result, Failure: Error>(
        of line: Line, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The slice itself is checked only in debug builds.
        precondition(line.range.upperBound <= buffer.count)
        return try buffer.withUnsafeBufferPointer { (buffer) throws(Failure) in
            try body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: buffer[line.range])))
        }
    }

    /// Skips the mark of the first line once enough bytes have arrived.
    private mutating func skipByteOrderMark() {
        guard lineCount == 0, droppedBytes == 0, start == 0 else { return }
        start = buffer.withUnsafeBytes { ByteOrderMark.length(of: $0) }
        searched = max(searched, start)
    }

    private func isBlank(_ range: Range<Int>) -> Bool {
        for index in range where buffer[index] != 0x20 && buffer[index] != 0x09 && buffer[index] != 0x0D { return false }
        return true
    }

    private static func lineFeed(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var position = start
        // Eight bytes at a time: a byte that is zero after xor borrows into its high bit.
        let raw = UnsafeRawBufferPointer(bytes)
        while bytes.count &- position >= 8 {
            let word = raw.loadUnaligned(fromByteOffset: position, as: UInt64.self) ^ 0x0A0A_0A0A_0A0A_0A0A
            if (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080 != 0 { break }
            position &+= 8
        }
        while position < bytes.count {
            if bytes[position] == 0x0A { return position }
            position &+= 1
        }
        return nil
    }
}
