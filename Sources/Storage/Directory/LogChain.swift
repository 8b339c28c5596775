/// The records after a checkpoint, through all logs that lead on from it.
///
/// Reading changes nothing; `continue` then makes the last log fit to be written again. It belongs to one thread at a time.
public final class LogChain {
    /// The version that the last record read leads to.
    public private(set) var version: Int
    /// The records read.
    public private(set) var recordCount = 0
    /// Bytes of the records read so far.
    public private(set) var bytesRead = 0
    /// Bytes of all logs of the chain.
    public let byteCount: Int
    /// What lies behind the last whole record of the last log, if anything; known when `next` has answered false.
    public private(set) var tornEnd: TornEnd?
    /// Its bytes.
    public var tornBytes: Int { tornEnd?.byteCount ?? 0 }

    /// Where the record read last begins.
    private var recordOffset = 0
    private let directory: ModelDirectory
    /// Bases of the logs that have not been opened yet.
    private var rest: ArraySlice<Int>
    private var reader: LogReader?
    /// The log that is to be continued; it is read to its end.
    private var last: LogReader?
    /// Logs without records that lead on from a version which is not the chain's: those of checkpoints that came to nothing.
    private var strays: [String] = []

    /// The chain from the checkpoint of a version on.
    public init(_ directory: ModelDirectory, after version: Int) throws(StorageError) {
        let bases = try directory.logs().filter { $0 >= version }
        var bytes = 0
        for base in bases { bytes += try File(directory.logPath(base), fileSystem: directory.fileSystem).size() }
        self.directory = directory
        self.version = version
        rest = bases[...]
        byteCount = bytes
    }

    /// Reads the next record.
    ///
    /// - Returns: false at the end.
    /// - Throws: `StorageError`; `.damaged` where the logs are not as they were written; with `.missingLog` where there is none at all, for
    ///   one is always made before its checkpoint is in place.
    public func next() throws(StorageError) -> Bool {
        while true {
            if reader == nil, try !openNext() {
                guard last != nil else {
                    let path = directory.logPath(version)
                    throw StorageError(.recover, path: path, reason: .damaged(offset: 0, .missingLog(version: version)))
                }
                return false
            }
            let before = reader!.offset
            if try reader!.next() {
                bytesRead += reader!.offset - before
                recordOffset = before
                // Opened at its own base: a log that has records must go on from where the one before ends.
                version = reader!.version
                recordCount += 1
                return true
            }
            tornEnd = reader!.tornEnd
            last = reader
            reader = nil
        }
    }

    /// Calls `body` with the content of the record read last.
    ///
    /// - Precondition: `next` has just answered true.
    public func withBody<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try reader!.withBody(body)
    }

    /// An error that says what is wrong with the content of the record read last, and where it lies.
    public func contentError(_ text: String) -> StorageError {
        StorageError(.recover, path: reader?.path ?? directory.path, reason: .damaged(offset: recordOffset, .content(text)))
    }

    /// The log to go on in, once `next` has answered false: its torn end is cut, and everything is on the device.
    ///
    /// - Throws: `StorageError`.
    public func `continue`() throws(StorageError) -> WriteAheadLog {
        guard reader == nil, rest.isEmpty, let last else { preconditionFailure("read to the end first") }
        for path in strays { try directory.fileSystem.removeFile(path) }
        try directory.removeLeftovers()
        return try WriteAheadLog(continuing: last, fileSystem: directory.fileSystem)
    }

    /// Opens the next log that belongs to the chain.
    private func openNext() throws(StorageError) -> Bool {
        while let base = rest.popFirst() {
            let path = directory.logPath(base)
            let file = try File(path, fileSystem: directory.fileSystem)
            let next: LogReader
            do throws(StorageError) {
                next = try LogReader(file)
            } catch {
                // Its making was interrupted.
                guard error.reason == .unexpectedEnd else { throw error }
                strays.append(path)
                continue
            }
            guard next.baseVersion == base else {
                throw StorageError(.recover, path: path, reason: .damaged(offset: 16, .version(next.baseVersion, expected: base)))
            }
            let isEmpty = next.size == next.offset
            if base == version, last == nil || tornBytes == 0 {
                reader = next
                return true
            }
            // A log left by a failed checkpoint. One of a later version is removed before the earlier log is continued, so if it is still
            // there, the earlier log ended with a complete record.
            if isEmpty, base <= version || tornBytes == 0 {
                strays.append(path)
                continue
            }
            if tornBytes > 0, let last = last {
                throw StorageError(.recover, path: last.path, reason: .damaged(offset: last.offset, .cutShort(bytes: tornBytes)))
            }
            throw StorageError(.recover, path: path, reason: .damaged(offset: 0, .missingLog(version: version)))
        }
        return false
    }
}
