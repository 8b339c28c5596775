/// Cuts a stream of bytes that arrives in pieces into lines, for NDJSON.
///
/// A line ends with a line feed, before which a carriage return may stand, or with the stream. Lines of white space alone
/// are passed over, and so is a byte order mark at the start.
///
/// ```swift
/// try splitter.append(piece)
/// while let line = try splitter.nextLine() {
///     try splitter.withUnsafeBytes(of: line) { … }
/// }
/// ```
public struct LineSplitter: Sendable {
    /// A line that was found. It is valid until the splitter is given more bytes.
    public struct Line: Sendable, Equatable {
        /// The number of the line, from 1, with those counted that were passed over.
        public let number: Int
        /// The offset in bytes of its start in the stream.
        public let offset: Int
        /// Where it lies in the splitter's buffer.
        fileprivate let range: Range<Int>
    }

    /// The line is longer than allowed.
    public struct LineTooLong: Error, Equatable, Sendable, CustomStringConvertible {
        /// The number of the line, from 1.
        public let number: Int
        /// The offset in bytes of its start in the stream.
        public let offset: Int
        /// The most bytes that a line may have.
        public let limit: Int

        /// For example `line 7 is longer than 65536 bytes (at byte 1200)`.
        public var description: String { "line \(number) is longer than \(limit) bytes (at byte \(offset))" }
    }

    /// The most bytes that a line may have, without its end.
    public let maximumLineBytes: Int

    private var buffer: [UInt8] = []
    /// Where in `buffer` the next line starts, and up to where no line feed was found.
    private var start = 0
    private var searched = 0
    /// How many bytes of the stream were before the buffer, and how many lines before the next.
    private var droppedBytes = 0
    private var lineCount = 0
    private var isFinished = false

    /// A splitter at the start of a stream.
    public init(maximumLineBytes: Int) {
        self.maximumLineBytes = maximumLineBytes
    }

    /// The bytes held because their line is not complete or was not asked for.
    public var pendingByteCount: Int { buffer.count - start }

    /// Takes the next bytes of the stream.
    ///
    /// Memory stays bounded if all lines are taken before more is appended: what is left is then less than a line.
    ///
    /// - Complexity: Linear in the bytes and in what is left of the last line.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if start > 0 {
            buffer.removeSubrange(..<start)
            droppedBytes += start
            searched -= start
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Says that the stream has ended: what is left is a line.
    public mutating func finish() {
        isFinished = true
    }

    /// The next complete line, or nil until more bytes arrive.
    public mutating func nextLine() throws(LineTooLong) -> Line? {
        while true {
            skipByteOrderMark()
            let found = buffer.withUnsafeBufferPointer { Self.lineFeed(in: $0, from: searched) }
            searched = found ?? buffer.count
            // A carriage return at the very end may belong to a line end still to come.
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
        // The slice itself is checked in debug builds only.
        precondition(line.range.upperBound <= buffer.count)
        return try buffer.withUnsafeBufferPointer { (buffer) throws(Failure) in
            try body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: buffer[line.range])))
        }
    }

    /// The mark of a first line of which enough has come; its end is looked for from there.
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
