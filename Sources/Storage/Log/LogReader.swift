internal import TensorFormats

/// Reads a log from front to back, and tells an interrupted last write from damage.
///
/// No record is written before the one before it is on the device, and one write has one record, however many requests are in it. So a
/// record that is not whole can only be the last; of that one any pages may be there and any missing, but nothing lies behind its end.
/// What proves that another record was begun behind one that is not whole also proves that what was on the device has changed since, and
/// that record may have been acknowledged:
///
/// - the header of a later record, whether or not its body is whole: bytes that a client sent, or that another file held, do not have its
///   checksum, which takes in a secret of the file and the place;
/// - a file that goes on behind the end that the broken record's own header tells: nothing but the next record makes the file longer.
///
/// Where the headers of both are gone, the two cannot be told from one interrupted write, and are cut as such. Nor can a last record of full
/// length whose bytes have changed: it is cut too, since after a power cut a server must start; `tornEnd` says what is not known.
///
/// It belongs to one thread at a time.
public final class LogReader {
    /// The version before the first record.
    public let baseVersion: Int
    /// The version that the last record read leads to.
    public private(set) var version: Int
    /// Where the last record read ends.
    public private(set) var offset = LogFormat.headerSize
    /// The records read.
    public private(set) var recordCount = 0
    /// What lies behind the last whole record, if anything; known once `next` has answered false.
    public private(set) var tornEnd: TornEnd?
    /// Its bytes.
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

    /// Opens a log to be read.
    ///
    /// - Throws: `StorageError`; `.damaged` for a header that is none, `.unexpectedEnd` for a file too short to have one: its making was
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
        // A power cut may leave the length of what was being written, and not the bytes.
        if size == bytes.count, bytes.allSatisfy({ $0 == 0 }) { throw StorageError(.recover, path: file.path, reason: .unexpectedEnd) }
        guard let header = LogFormat.FileHeader(bytes) else {
            throw StorageError(.recover, path: file.path, reason: .damaged(offset: 0, .logHeader))
        }
        guard header.format <= LogFormat.newest else {
            throw StorageError(.recover, path: file.path, reason: .newerFormat(header.format, known: LogFormat.newest))
        }
        baseVersion = header.baseVersion
        version = header.baseVersion
        salt = header.salt
    }

    /// Reads the next record.
    ///
    /// - Returns: false at the end; `tornEnd` then says what lies behind it, and whether it may have been answered for.
    /// - Throws: `StorageError`; `.damaged` where records lie behind one that is not whole, or versions do not follow one another.
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

    /// Calls `body` with the content of the record read last, which begins at a multiple of 8 bytes.
    public func withBody<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let length = length
        return try self.body.withUnsafeBufferPointer { (buffer) throws(Failure) in
            try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<length]))
        }
    }

    /// The bytes that may so far be in the system's memory only: the last record, or the file's header where there is none.
    ///
    /// - Throws: `StorageError`; `.damaged` where they are others now than when they were read.
    func unprovenEnd() throws(StorageError) -> (offset: Int, bytes: [UInt8]) {
        guard recordCount > 0 else { return (0, LogFormat.FileHeader(baseVersion: baseVersion, salt: salt).bytes) }
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

    /// What can be seen of the record that is not whole.
    private func tornContent() throws(StorageError) -> TornEnd.Content {
        let rest = size - offset - LogFormat.headerSize
        guard rest >= 0 else { return .cutShort }
        guard let header = try header(at: offset) else { return .wrongHeader }
        return header.paddedLength.map { $0 <= rest } == true ? .wrongBody : .cutShort
    }

    /// Loads a record's header.
    ///
    /// - Returns: nil where there is none at this offset.
    private func header(at offset: Int) throws(StorageError) -> LogFormat.RecordHeader? {
        guard size - offset >= LogFormat.headerSize else { return nil }
        var bytes = [UInt8](repeating: 0, count: LogFormat.headerSize)
        try Self.read(&bytes, from: file, at: offset)
        return bytes.withUnsafeBytes { LogFormat.RecordHeader($0, salt: salt, offset: offset) }
    }

    /// Loads a whole record's body.
    ///
    /// - Returns: nil where there is none at this offset.
    private func load(at offset: Int) throws(StorageError) -> LogFormat.RecordHeader? {
        guard let header = try header(at: offset) else { return nil }
        let available = size - offset - LogFormat.headerSize
        // Memory is reserved only for what the file really has.
        guard let padded = header.paddedLength, padded <= available else { return nil }
        if body.count > padded { body.removeLast(body.count - padded) }
        if body.count < padded { body.append(contentsOf: repeatElement(0, count: padded - body.count)) }
        try Self.read(&body, from: file, at: offset + LogFormat.headerSize)
        guard body.withUnsafeBytes({ CRC32C($0).value }) == header.bodyChecksum else { return nil }
        return header
    }

    /// Where the first record lies that was begun behind a broken one: see the type.
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
                // Among many bytes, a few may have the checksum by chance; their version would hardly be one that can stand there.
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
