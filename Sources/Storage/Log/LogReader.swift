internal import TensorFormats

/// Reads a log from start to end, and distinguishes an interrupted last write from damage.
///
/// No record is written before the previous one is on the device, and one write holds one record, however many requests it contains. So
/// only the last record can be incomplete: any of its pages may be there or missing, but nothing follows its end. Proof that another record
/// was begun after an incomplete one is therefore also proof that data on the device has changed since, and that record may have been
/// acknowledged:
///
/// - the header of a later record, whether or not its body is complete: bytes from a client or another file do not have its checksum, which
///   covers a secret of the file and the offset;
/// - a file that extends past the end given in the broken record's own header: only the next record makes the file longer.
///
/// If both headers are gone, the damage looks like an interrupted write and is cut as such. So does a last record of full length whose
/// bytes have changed: it is cut too, since a server must start after a power cut; `tornEnd` says what is unknown.
///
/// A reader belongs to one thread at a time.
public final class LogReader {
    /// The file's format; see `WriteAheadLog.format`.
    public let format: UInt32
    /// The version before the first record.
    public let baseVersion: Int
    /// The version after the last record read.
    public private(set) var version: Int
    /// Where the last record read ends.
    public private(set) var offset = LogFormat.headerSize
    /// The records read.
    public private(set) var recordCount = 0
    /// What follows the last complete record, if anything; known after `next` has returned false.
    public private(set) var tornEnd: TornEnd?
    /// Bytes of the torn end.
    public var tornBytes: Int { tornEnd?.byteCount ?? 0 }
    /// The size of the file when it was opened.
    public let size: Int
    /// The path of the file.
    public var path: String { file.path }

    let file: File
    let salt: UInt64
    private var body: [UInt8] = []
    private var length = 0
    /// Where the last record read begins.
    private var lastStart = 0

    /// Opens a log for reading.
    ///
    /// - Throws: `StorageError`; `.damaged` for an invalid header, `.unexpectedEnd` for a file too short to have one: its creation was
    ///   interrupted, and it has never held a record.
    public convenience init(_ path: String, fileSystem: any FileSystem = SystemFileSystem()) throws(StorageError) {
        try self.init(File(path, .read, fileSystem: fileSystem))
    }

    init(_ file: File) throws(StorageError) {
        self.file = file
        size = try file.size()
        var bytes = [UInt8](repeating: 0, count: LogFormat.headerSize)
        guard size >= bytes.count else { throw StorageError(.recover, path: file.path, reason: .unexpectedEnd) }
        try Self.read(&bytes, from: file, at: 0)
        // A power cut may leave the length of a write without its bytes.
        if size == bytes.count, bytes.allSatisfy({ $0 == 0 }) { throw StorageError(.recover, path: file.path, reason: .unexpectedEnd) }
        guard let header = LogFormat.FileHeader(bytes) else {
            throw StorageError(.recover, path: file.path, reason: .damaged(offset: 0, .logHeader))
        }
        guard header.format <= LogFormat.newest else {
            throw StorageError(.recover, path: file.path, reason: .newerFormat(header.format, known: LogFormat.newest))
        }
        format = header.format
        baseVersion = header.baseVersion
        version = header.baseVersion
        salt = header.salt
    }

    /// Reads the next record.
    ///
    /// - Returns: false at the end; `tornEnd` then says what follows, and whether it may have been acknowledged.
    /// - Throws: `StorageError`; `.damaged` if records follow an incomplete one, or versions are not consecutive.
    public func next() throws(StorageError) -> Bool {
        guard offset < size else { return false }
        guard let header = try load(at: offset) else {
            if let next = try firstBegun(behind: offset) {
                let damage: StorageDamage = try load(at: next) != nil ? .record(nextWhole: next) : .recordFollowed(by: next)
                throw StorageError(.recover, path: path, reason: .damaged(offset: offset, damage))
            }
            tornEnd = TornEnd(path: path, offset: offset, byteCount: size - offset, content: try tornContent())
            return false
        }
        let (expected, overflow) = version.addingReportingOverflow(1)
        guard !overflow, header.version == expected else {
            throw StorageError(.recover, path: path, reason: .damaged(offset: offset, .version(header.version, expected: expected)))
        }
        version = expected
        length = header.length
        lastStart = offset
        offset += LogFormat.headerSize + body.count
        recordCount += 1
        return true
    }

    /// Calls `body` with the content of the last record read, aligned to 8 bytes.
    public func withBody<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let length = length
        return try self.body.withUnsafeBufferPointer { (buffer) throws(Failure) in
            try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<length]))
        }
    }

    /// The bytes that may so far be in the system's memory only: the last record, or the file's header if there is none.
    ///
    /// - Throws: `StorageError`; `.damaged` if they differ from what was read before.
    func unprovenEnd() throws(StorageError) -> (offset: Int, bytes: [UInt8]) {
        guard recordCount > 0 else { return (0, LogFormat.FileHeader(format: format, baseVersion: baseVersion, salt: salt).bytes) }
        var bytes = [UInt8](repeating: 0, count: offset - lastStart)
        try Self.read(&bytes, from: file, at: lastStart)
        let isWhole = bytes.withUnsafeBytes { buffer in
            let body = UnsafeRawBufferPointer(rebasing: buffer[LogFormat.headerSize...])
            return LogFormat.RecordHeader(buffer, salt: salt, offset: lastStart)?.bodyChecksum == CRC32C(body).value
        }
        guard isWhole else {
            throw StorageError(.recover, path: path, reason: .damaged(offset: lastStart, .content("the record changed while it was read")))
        }
        return (lastStart, bytes)
    }

    /// What can be seen of the incomplete record.
    private func tornContent() throws(StorageError) -> TornEnd.Content {
        let rest = size - offset - LogFormat.headerSize
        guard rest >= 0 else { return .cutShort }
        guard let header = try header(at: offset) else { return .wrongHeader }
        return header.paddedLength.map { $0 <= rest } == true ? .wrongBody : .cutShort
    }

    /// Loads a record's header.
    ///
    /// - Returns: nil if there is none at this offset.
    private func header(at offset: Int) throws(StorageError) -> LogFormat.RecordHeader? {
        guard size - offset >= LogFormat.headerSize else { return nil }
        var bytes = [UInt8](repeating: 0, count: LogFormat.headerSize)
        try Self.read(&bytes, from: file, at: offset)
        return bytes.withUnsafeBytes { LogFormat.RecordHeader($0, salt: salt, offset: offset) }
    }

    /// Loads a complete record's body.
    ///
    /// - Returns: nil if there is none at this offset.
    private func load(at offset: Int) throws(StorageError) -> LogFormat.RecordHeader? {
        guard let header = try header(at: offset) else { return nil }
        let available = size - offset - LogFormat.headerSize
        // Memory is reserved only for bytes that the file really has.
        guard let padded = header.paddedLength, padded <= available else { return nil }
        if body.count > padded { body.removeLast(body.count - padded) }
        if body.count < padded { body.append(contentsOf: repeatElement(0, count: padded - body.count)) }
        try Self.read(&body, from: file, at: offset + LogFormat.headerSize)
        guard body.withUnsafeBytes({ CRC32C($0).value }) == header.bodyChecksum else { return nil }
        return header
    }

    /// The offset of the first record begun after a broken one; see the type.
    private func firstBegun(behind start: Int) throws(StorageError) -> Int? {
        if let padded = try header(at: start)?.paddedLength, padded < size - start - LogFormat.headerSize {
            return start + LogFormat.headerSize + padded
        }
        let (step, overlap) = (1 << 20, LogFormat.headerSize)
        var piece: [UInt8] = []
        var first = start + LogFormat.alignment
        while size - first >= overlap {
            let count = min(step + overlap, size - first)
            piece = [UInt8](repeating: 0, count: count)
            try Self.read(&piece, from: file, at: first)
            for place in stride(from: 0, through: count - overlap, by: LogFormat.alignment) {
                let header = piece.withUnsafeBytes { buffer in
                    let bytes = UnsafeRawBufferPointer(rebasing: buffer[place..<(place + overlap)])
                    return LogFormat.RecordHeader(bytes, salt: salt, offset: first + place)
                }
                // Among many bytes, a few may have the checksum by chance; their version is then hardly a possible one.
                let records = (first + place - start) / LogFormat.headerSize
                if let header, header.version - 1 > version, header.version - 1 - version <= records { return first + place }
            }
            first += step
        }
        return nil
    }

    private static func read(_ bytes: inout [UInt8], from file: File, at offset: Int) throws(StorageError) {
        try bytes.withUnsafeMutableBufferPointer { (buffer) throws(StorageError) in
            try file.readAll(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
        }
    }
}
