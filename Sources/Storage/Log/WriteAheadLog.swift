/// A log that is being written: what `append` has returned for is on the device.
///
/// It belongs to one thread at a time.
public final class WriteAheadLog {
    /// The version before the first record.
    public let baseVersion: Int
    /// The version that the last record leads to.
    public private(set) var version: Int
    /// The bytes of the file up to the end of the last record.
    public private(set) var size: Int
    /// False once it is unknown what is on the device: then nothing is added any more, and no synchronization is tried again.
    public private(set) var isUsable = true
    /// The path of the file.
    public private(set) var path: String
    /// The bytes that records take.
    public var recordBytes: Int { size - LogFormat.headerSize }

    private let file: File
    private let salt: UInt64
    /// What was read from the file and may be in the system's memory only; it lies at the end.
    private var unproven: (offset: Int, bytes: [UInt8])?
    /// Whether the path led to the file when it was looked at last.
    private var isInPlace = true
    /// Whether the file goes on behind the last record.
    private var isTorn = false
    /// Where the last record begins, for as long as it can be taken back.
    private var last: Int?

    /// Makes a log. It lasts once its directory is synchronized.
    ///
    /// - Throws: `StorageError`; the file is removed then, as far as it can be.
    init(creating path: String, baseVersion: Int, fileSystem: any FileSystem) throws(StorageError) {
        let header = LogFormat.FileHeader(baseVersion: baseVersion, salt: UInt64.random(in: .min ... .max))
        let file = try File(path, .createNew, fileSystem: fileSystem)
        do throws(StorageError) {
            try Self.write(header.bytes, to: file, at: 0)
            // Before the first record: a header that is not whole proves that there never was one.
            try file.synchronizeData()
        } catch {
            try? fileSystem.removeFile(path)
            throw error
        }
        self.file = file
        self.path = path
        self.baseVersion = baseVersion
        salt = header.salt
        version = baseVersion
        size = LogFormat.headerSize
    }

    /// Goes on behind the last record of a log that has been read to its end.
    ///
    /// What is not whole behind it is cut off, and the cut is on the device before anything is added: otherwise it could come back behind a
    /// new record. The last record is made to last as `prove` does; where there is no room for that, before the next one is added.
    ///
    /// - Throws: `StorageError`; the log cannot be used then.
    init(continuing reader: LogReader, fileSystem: any FileSystem) throws(StorageError) {
        baseVersion = reader.baseVersion
        version = reader.version
        size = reader.offset
        salt = reader.salt
        file = try File(reader.path, .readWrite, fileSystem: fileSystem)
        path = reader.path
        unproven = try reader.unprovenEnd()
        isTorn = reader.tornBytes > 0
        do throws(StorageError) {
            try prove()
        } catch {
            guard error.isOutOfSpace, isUsable else { throw error }
        }
    }

    /// Makes what was read from the file last, where that has not been done yet.
    ///
    /// The process before may have ended because a synchronization failed. The system then holds what it could not write, takes it for
    /// written, and would answer a second synchronization with success. So the bytes that it may hold alone are written once more. Those
    /// are of the last record: the ones before were on the device before it was begun.
    ///
    /// - Throws: `StorageError`; where `isUsable` is true then, it may be tried again.
    public func prove() throws(StorageError) {
        guard let unproven else {
            // Also where it was out of place before: what it holds is not to be found yet.
            if isUsable || !isInPlace { try requireInPlace() }
            return
        }
        guard isUsable else { throw StorageError(.append, path: path, reason: .unusable) }
        if isTorn { try file.truncate(to: size) }
        isTorn = false
        try Self.write(unproven.bytes, to: file, at: unproven.offset)
        try synchronize()
        try requireInPlace()
        self.unproven = nil
    }

    /// The directory that the log lies in has another name.
    public func move(to directory: ModelDirectory) { path = directory.logPath(baseVersion) }

    /// Refuses where the path does not lead to the file any more: who looks for its records will not find them, whatever has been
    /// synchronized. The log is not usable then.
    ///
    /// That the path leads to this very file holds only if all directories above do, so they need no look of their own.
    ///
    /// - Throws: `StorageError`; `.notInPlace` mostly.
    /// - Complexity: two system calls, neither of which waits for the device.
    public func requireInPlace() throws(StorageError) {
        do throws(StorageError) {
            try file.requireName(path)
            isInPlace = true
        } catch {
            isUsable = false
            isInPlace = false
            throw error
        }
    }

    private func synchronize() throws(StorageError) {
        do throws(StorageError) {
            try file.synchronizeData()
        } catch {
            // The system may have dropped the pages that it could not write: a second call that succeeds would prove nothing.
            isUsable = false
            throw error
        }
    }

    /// Adds a record, and returns when it is on the device, where the path leads to it.
    ///
    /// - Parameters:
    ///   - record: its header is filled in.
    ///   - version: the version that it leads to: one more than the last.
    /// - Throws: `StorageError`. Where `isUsable` is true then, the record is not in the log, and will not be after a crash either; where it
    ///   is false, nobody knows.
    /// - Complexity: linear in the record, one `fdatasync`, and two calls that do not wait.
    public func append(_ record: inout LogRecord, version: Int) throws(StorageError) {
        guard isUsable else { throw StorageError(.append, path: path, reason: .unusable) }
        precondition(version == self.version + 1, "versions follow one another")
        if unproven != nil { try prove() }
        record.seal(version: version, salt: salt, offset: size)
        do throws(StorageError) {
            try Self.write(record.bytes, to: file, at: size)
        } catch {
            // No room, most often. A part of the record may be in the file: it must be gone before the next one.
            cut(to: size)
            throw error
        }
        try synchronize()
        try requireInPlace()
        last = size
        size += record.bytes.count
        self.version = version
    }

    /// Takes the record that was added last back out, where what it says could not be done.
    ///
    /// - Returns: false where that failed; the log is not usable then.
    public func removeLast() -> Bool {
        guard let start = last, isUsable else { return false }
        last = nil
        cut(to: start)
        guard isUsable else { return false }
        size = start
        version -= 1
        return true
    }

    private func cut(to size: Int) {
        do throws(StorageError) {
            try file.truncate(to: size)
            try file.synchronizeData()
        } catch {
            isUsable = false
        }
    }

    private static func write(_ bytes: [UInt8], to file: File, at offset: Int) throws(StorageError) {
        try bytes.withUnsafeBufferPointer { (buffer) throws(StorageError) in
            try file.write(UnsafeRawBufferPointer(buffer), at: offset)
        }
    }
}
