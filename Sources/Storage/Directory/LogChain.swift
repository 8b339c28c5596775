/// The records after a checkpoint, across all logs that follow it.
///
/// Reading changes nothing; `continue` then makes the last log writable again. A chain belongs to one thread at a time.
public final class LogChain {
    /// The version after the last record read.
    public private(set) var version: Int
    /// The records read.
    public private(set) var recordCount = 0
    /// Bytes of the records read so far.
    public private(set) var bytesRead = 0
    /// Bytes of all logs of the chain.
    public let byteCount: Int
    /// What follows the last complete record of the last log, if anything; known after `next` has returned false.
    public private(set) var tornEnd: TornEnd?
    /// Bytes of the torn end.
    public var tornBytes: Int { tornEnd?.byteCount ?? 0 }

    /// Where the last record read begins.
    private var recordOffset = 0
    private let directory: ModelDirectory
    /// Base versions of the logs that have not been opened yet.
    private var rest: ArraySlice<Int>
    private var reader: LogReader?
    /// The log to continue; it is read to its end.
    private var last: LogReader?
    /// Empty logs that start at a version other than the chain's: left by failed checkpoints.
    private var strays: [String] = []

    /// The chain that starts at a version's checkpoint.
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
    /// - Throws: `StorageError`; `.damaged` if the logs are not as they were written, with `.missingLog` if there is none: a log is always
    ///   created before its checkpoint is in place.
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
                // Each log opens at its own base version: a log with records must start where the previous one ends.
                version = reader!.version
                recordCount += 1
                return true
            }
            tornEnd = reader!.tornEnd
            last = reader
            reader = nil
        }
    }

    /// The format of the log that holds the last record read.
    ///
    /// - Precondition: `next` has just returned true.
    public var format: UInt32 { reader!.format }

    /// Calls `body` with the content of the last record read.
    ///
    /// - Precondition: `next` has just returned true.
    public func withBody<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try reader!.withBody(body)
    }

    /// An error about the content of the last record read, with its place.
    public func contentError(_ text: String) -> StorageError {
        StorageError(.recover, path: reader?.path ?? directory.path, reason: .damaged(offset: recordOffset, .content(text)))
    }

    /// The log to continue, after `next` has returned false: its torn end is cut, and everything is on the device.
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
                // Its creation was interrupted.
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
            // Left by a failed checkpoint. A log of a later version is removed before the earlier log is continued; if it still exists, the
            // earlier log ended with a complete record.
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
