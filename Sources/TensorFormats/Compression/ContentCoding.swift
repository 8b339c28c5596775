/// A compression of HTTP content (RFC 9110, section 8.4.1).
public enum ContentCoding: Sendable {
    /// Gzip with one or more members (RFC 1952).
    case gzip
    /// HTTP's deflate: the zlib format (RFC 1950).
    case deflate

    /// The most members of gzipped content. Each costs some time even if it is empty.
    static let maximumMembers = 4096

    /// Decompresses content.
    ///
    /// - Parameter limit: The most bytes of output. Memory is reserved for actual output, not for what a header announces: at most twice as
    ///   much, and never more than the limit.
    /// - Throws: `ContentCodingError`; its kind is `.tooLarge` past the limit.
    /// - Complexity: Linear in input and output.
    public func decompress(_ content: UnsafeRawBufferPointer, limit: Int) throws(ContentCodingError) -> InflatedBytes {
        var output = InflatedBytes()
        switch self {
        case .gzip:
            var position = 0
            var members = 0
            repeat {
                members += 1
                guard members <= Self.maximumMembers else {
                    throw ContentCodingError(.tooManyMembers(limit: Self.maximumMembers), at: position)
                }
                try Self.readMember(content, &position, &output, limit)
            } while position < content.count
        case .deflate: try Self.readStream(content, &output, limit)
        }
        return output
    }

    /// RFC 1952, section 2.3.
    private static func readMember(
        _ content: UnsafeRawBufferPointer, _ position: inout Int, _ output: inout InflatedBytes, _ limit: Int
    ) throws(ContentCodingError) {
        let start = position
        for (index, byte) in [0x1F, 0x8B, 8].enumerated() where start + index < content.count && content[start + index] != byte {
            throw ContentCodingError(.invalidHeader("gzip"), at: start)
        }
        guard content.count - start >= 18 else { throw ContentCodingError(.truncated, at: content.count) }
        guard content[start + 3] & 0xE0 == 0 else { throw ContentCodingError(.invalidHeader("gzip"), at: start) }
        let flags = content[start + 3]
        position += 10
        if flags & 4 != 0 {
            let length = Int(try little16(content, position))
            position += 2
            guard length <= content.count - position else { throw ContentCodingError(.truncated, at: content.count) }
            position += length
        }
        // A file name and a comment, each ended by a zero.
        for flag in [8, 16] as [UInt8] where flags & flag != 0 {
            guard let end = content[position...].firstIndex(of: 0) else { throw ContentCodingError(.truncated, at: content.count) }
            position = end + 1
        }
        if flags & 2 != 0 {
            let checksum = CRC32.checksum(of: UnsafeRawBufferPointer(rebasing: content[start..<position]))
            guard try little16(content, position) == UInt16(truncatingIfNeeded: checksum) else {
                throw ContentCodingError(.checksum, at: position)
            }
            position += 2
        }
        let before = output.count
        position += try inflate(content, position, &output, limit)
        guard content.count - position >= 8 else { throw ContentCodingError(.truncated, at: content.count) }
        let (checksum, size) = output.withUnsafeBytes { bytes in
            (CRC32.checksum(of: UnsafeRawBufferPointer(rebasing: bytes[before...])), UInt32(truncatingIfNeeded: bytes.count - before))
        }
        guard UInt32(littleEndian: content.loadUnaligned(fromByteOffset: position, as: UInt32.self)) == checksum,
            UInt32(littleEndian: content.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self)) == size
        else { throw ContentCodingError(.checksum, at: position) }
        position += 8
    }

    /// RFC 1950, section 2.2.
    private static func readStream(
        _ content: UnsafeRawBufferPointer, _ output: inout InflatedBytes, _ limit: Int
    ) throws(ContentCodingError) {
        guard content.count >= 6 else { throw ContentCodingError(.truncated, at: content.count) }
        let (method, flags) = (content[0], content[1])
        guard method & 15 == 8, method >> 4 <= 7, (Int(method) << 8 | Int(flags)) % 31 == 0, flags & 0x20 == 0 else {
            throw ContentCodingError(.invalidHeader("zlib (HTTP's deflate)"), at: 0)
        }
        let position = 2 + (try inflate(content, 2, &output, limit))
        guard content.count - position >= 4 else { throw ContentCodingError(.truncated, at: content.count) }
        let stored = UInt32(bigEndian: content.loadUnaligned(fromByteOffset: position, as: UInt32.self))
        guard stored == output.withUnsafeBytes({ Adler32.checksum(of: $0) }) else { throw ContentCodingError(.checksum, at: position) }
        guard content.count == position + 4 else { throw ContentCodingError(.trailingBytes, at: position + 4) }
    }

    private static func inflate(
        _ content: UnsafeRawBufferPointer, _ position: Int, _ output: inout InflatedBytes, _ limit: Int
    ) throws(ContentCodingError) -> Int {
        do throws(InflateError) {
            return try Inflate.decompress(UnsafeRawBufferPointer(rebasing: content[position...]), appendingTo: &output, limit: limit)
        } catch {
            if case .pastLimit = error.kind { throw ContentCodingError(.tooLarge(limit: limit), at: position + error.offset) }
            throw ContentCodingError(.inflate(error), at: position + error.offset)
        }
    }

    private static func little16(_ content: UnsafeRawBufferPointer, _ position: Int) throws(ContentCodingError) -> UInt16 {
        guard content.count - position >= 2 else { throw ContentCodingError(.truncated, at: content.count) }
        return UInt16(littleEndian: content.loadUnaligned(fromByteOffset: position, as: UInt16.self))
    }
}
