/// Decompresses gzip (RFC 1952) of any length as it is read, in constant memory.
///
/// Members may be concatenated, as by `cat`. Zeros after the last one, which tapes and some tools add as padding, are skipped. A reader
/// belongs to one thread.
public final class GzipReader {
    private enum State {
        /// Before a member, or at the end.
        case header
        case data
        /// Checksum and size.
        case trailer
    }

    private var state = State.header
    private var hasMember = false
    private var input = [UInt8](repeating: 0, count: 1 << 16)
    private var position = 0
    private var end = 0
    private var isSourceAtEnd = false
    /// Bytes of the source before `input`.
    private var dropped = 0

    private let window: UnsafeMutableRawBufferPointer
    private var inflate: Inflate
    /// Bytes of the window already returned.
    private var taken = 0
    private var checksum = CRC32()
    private var size: UInt32 = 0

    /// Whether the bytes begin like a gzip file.
    public static func begins(_ start: some Collection<UInt8>) -> Bool { start.starts(with: [0x1F, 0x8B]) }

    /// A reader at the start of a file.
    public init() {
        window = .allocate(byteCount: 4 * Inflate.history, alignment: 16)
        inflate = Inflate(window: window)
    }

    deinit { window.deallocate() }

    /// Reads at least one decompressed byte.
    ///
    /// - Parameter source: reads at least one compressed byte; 0 at the end.
    /// - Returns: 0 at the end, if all checksums were right.
    /// - Throws: `ContentCodingError`, with the offset, if the data is damaged or cut off; errors of `source`.
    /// - Complexity: linear in input and output.
    public func read(into buffer: UnsafeMutableRawBufferPointer, from source: (UnsafeMutableRawBufferPointer) throws -> Int) throws -> Int {
        guard !buffer.isEmpty else { return 0 }
        while taken == inflate.writtenCount {
            switch state {
            case .header: guard try readHeader(source) else { return 0 }
            case .data: try readData(source)
            case .trailer: try readTrailer(source)
            }
        }
        let count = min(buffer.count, inflate.writtenCount - taken)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: window[taken..<taken + count]))
        taken += count
        return count
    }

    // MARK: Members

    /// Section 2.3.
    ///
    /// - Returns: false at the end.
    private func readHeader(_ source: (UnsafeMutableRawBufferPointer) throws -> Int) throws -> Bool {
        guard var first = try nextByte(source) else {
            if hasMember { return false }
            throw failure(.truncated)
        }
        if hasMember, first == 0 {
            while first == 0 {
                guard let next = try nextByte(source) else { return false }
                first = next
            }
            throw failure(.trailingBytes)
        }
        var header = CRC32()
        func take(_ byte: UInt8) -> UInt8 {
            withUnsafeBytes(of: byte) { header.update(with: $0) }
            return byte
        }
        func next() throws -> UInt8 {
            guard let byte = try nextByte(source) else { throw failure(.truncated) }
            return take(byte)
        }
        guard take(first) == 0x1F, try next() == 0x8B else { throw failure(.trailingBytes) }
        let method = try next()
        let flags = try next()
        guard method == 8, flags & 0xE0 == 0 else { throw failure(.unknownMember) }
        for _ in 0..<6 { _ = try next() }
        if flags & 4 != 0 {
            let length = Int(try next()) | Int(try next()) << 8
            for _ in 0..<length { _ = try next() }
        }
        // A file name and a comment, each ended by a zero.
        for flag in [8, 16] as [UInt8] where flags & flag != 0 { while try next() != 0 {} }
        if flags & 2 != 0 {
            let expected = UInt16(truncatingIfNeeded: header.checksum)
            guard UInt16(try next()) | UInt16(try next()) << 8 == expected else { throw failure(.checksum) }
        }
        (state, hasMember) = (.data, true)
        (checksum, size) = (CRC32(), 0)
        inflate.beginStream()
        return true
    }

    private func readData(_ source: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        inflate.slide()
        taken = inflate.writtenCount
        let pause: Inflate.Pause
        do throws(InflateError) {
            let used: Int
            (pause, used) = try input.withUnsafeBufferPointer { (bytes) throws(InflateError) in
                try inflate.advance(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[position..<end])), isLast: isSourceAtEnd)
            }
            position += used
        } catch { throw ContentCodingError(.inflate(error), at: dropped + position + error.offset) }
        let piece = UnsafeRawBufferPointer(rebasing: window[taken..<inflate.writtenCount])
        checksum.update(with: piece)
        size &+= UInt32(truncatingIfNeeded: piece.count)
        switch pause {
        case .end: state = .trailer
        case .input: try fill(source)
        case .room: break
        }
    }

    private func readTrailer(_ source: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        func next() throws -> UInt32 {
            var value: UInt32 = 0
            for shift in 0..<4 {
                guard let byte = try nextByte(source) else { throw failure(.truncated) }
                value |= UInt32(byte) << UInt32(8 * shift)
            }
            return value
        }
        guard try next() == checksum.checksum, try next() == size else { throw failure(.checksum) }
        state = .header
    }

    // MARK: Input

    private func nextByte(_ source: (UnsafeMutableRawBufferPointer) throws -> Int) throws -> UInt8? {
        if position == end { try fill(source) }
        guard position < end else { return nil }
        defer { position += 1 }
        return input[position]
    }

    /// Reads more input after the unused part.
    private func fill(_ source: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        guard !isSourceAtEnd else { return }
        input.withUnsafeMutableBytes { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<end])) }
        dropped += position
        (position, end) = (0, end - position)
        let count = try input.withUnsafeMutableBytes { try source(UnsafeMutableRawBufferPointer(rebasing: $0[end...])) }
        end += count
        isSourceAtEnd = count == 0
    }

    private func failure(_ kind: ContentCodingError.Kind) -> ContentCodingError { ContentCodingError(kind, at: dropped + position) }
}
