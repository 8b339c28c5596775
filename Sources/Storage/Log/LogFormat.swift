internal import TensorFormats

/// The format of a log on disk; all numbers are little-endian.
///
/// The file begins with 32 bytes: magic `ACCRUWAL`, format (4), CRC-32C of the other 28 bytes (4), base version (8), salt (8). All formats
/// keep these 32 bytes.
///
/// Each record has a header of 32 bytes: magic `ARec`, CRC-32C of the header (4), CRC-32C of the body (4), zeros (4), the body's length
/// (8), the version after the record (8). The body follows, padded with zeros to a multiple of 8 bytes; its CRC covers the padding.
///
/// All formats have the same bytes. The number keeps older programs from logs whose records they do not know.
///
/// The header's CRC also covers the salt, a random number of the file, and the record's offset. Neither a record left over from another
/// file nor bytes that a client sent can therefore pass for a record.
enum LogFormat {
    static let newest: UInt32 = 4
    static let headerSize = 32
    static let alignment = 8

    private static let fileMagic: UInt64 = 0x4C41_5755_5243_4341
    private static let recordMagic: UInt32 = 0x6365_5241

    /// The start of a log.
    struct FileHeader: Equatable {
        var format: UInt32
        var baseVersion: Int
        var salt: UInt64

        var bytes: [UInt8] {
            var bytes: [UInt8] = []
            append(fileMagic, to: &bytes)
            append(format, to: &bytes)
            append(UInt32(0), to: &bytes)
            append(UInt64(baseVersion), to: &bytes)
            append(salt, to: &bytes)
            LogFormat.store(Self.checksum(bytes), in: &bytes, at: 12)
            return bytes
        }

        init(format: UInt32 = LogFormat.newest, baseVersion: Int, salt: UInt64) {
            self.format = format
            self.baseVersion = baseVersion
            self.salt = salt
        }

        /// - Returns: nil if the bytes are not a header.
        init?(_ bytes: [UInt8]) {
            guard bytes.count == headerSize, LogFormat.load(UInt64.self, from: bytes, at: 0) == fileMagic else { return nil }
            guard LogFormat.load(UInt32.self, from: bytes, at: 12) == Self.checksum(bytes) else { return nil }
            guard let base = Int(exactly: LogFormat.load(UInt64.self, from: bytes, at: 16)) else { return nil }
            format = LogFormat.load(UInt32.self, from: bytes, at: 8)
            baseVersion = base
            salt = LogFormat.load(UInt64.self, from: bytes, at: 24)
        }

        private static func checksum(_ bytes: [UInt8]) -> UInt32 {
            var checksum = CRC32C()
            bytes.withUnsafeBytes { buffer in
                checksum.update(UnsafeRawBufferPointer(rebasing: buffer[..<12]))
                checksum.update(UnsafeRawBufferPointer(rebasing: buffer[16...]))
            }
            return checksum.value
        }
    }

    /// The start of a record.
    struct RecordHeader: Equatable {
        var bodyChecksum: UInt32
        var length: Int
        var version: Int

        /// The length with padding; nil on overflow.
        var paddedLength: Int? {
            let (sum, overflow) = length.addingReportingOverflow(alignment - 1)
            return overflow ? nil : sum / alignment * alignment
        }

        /// Writes the header into the first bytes.
        func store(in bytes: inout [UInt8], salt: UInt64, offset: Int) {
            LogFormat.store(recordMagic, in: &bytes, at: 0)
            LogFormat.store(bodyChecksum, in: &bytes, at: 8)
            LogFormat.store(UInt32(0), in: &bytes, at: 12)
            LogFormat.store(UInt64(length), in: &bytes, at: 16)
            LogFormat.store(UInt64(version), in: &bytes, at: 24)
            let checksum = bytes.withUnsafeBytes { Self.checksum($0, salt: salt, offset: offset) }
            LogFormat.store(checksum, in: &bytes, at: 4)
        }

        init(bodyChecksum: UInt32, length: Int, version: Int) {
            self.bodyChecksum = bodyChecksum
            self.length = length
            self.version = version
        }

        /// - Returns: nil if the bytes are not a header at this offset of this file.
        init?(_ bytes: UnsafeRawBufferPointer, salt: UInt64, offset: Int) {
            guard bytes.count >= headerSize, Self.isCandidate(bytes) else { return nil }
            guard
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
                    == Self.checksum(bytes, salt: salt, offset: offset)
            else { return nil }
            bodyChecksum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
            guard let length = Int(exactly: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))),
                let version = Int(exactly: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)))
            else { return nil }
            self.length = length
            self.version = version
        }

        /// Whether the bytes can be a record's header: a quick test.
        static func isCandidate(_ bytes: UnsafeRawBufferPointer) -> Bool {
            UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)) == recordMagic
        }

        private static func checksum(_ bytes: UnsafeRawBufferPointer, salt: UInt64, offset: Int) -> UInt32 {
            var checksum = CRC32C()
            withUnsafeBytes(of: (salt.littleEndian, UInt64(offset).littleEndian)) { checksum.update($0) }
            checksum.update(UnsafeRawBufferPointer(rebasing: bytes[..<4]))
            checksum.update(UnsafeRawBufferPointer(rebasing: bytes[8..<headerSize]))
            return checksum.value
        }
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func store(_ value: some FixedWidthInteger, in bytes: inout [UInt8], at offset: Int) {
        withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(offset..<(offset + $0.count), with: $0) }
    }

    private static func load<Value: FixedWidthInteger>(_: Value.Type, from bytes: [UInt8], at offset: Int) -> Value {
        Value(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) })
    }
}
