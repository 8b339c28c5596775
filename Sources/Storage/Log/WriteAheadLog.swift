/// A log being written: once `append` has returned, its record is on the device.
///
/// A log belongs to one thread at a time.
public final class WriteAheadLog {
    /// The file's format, which never changes: a log of an older format may hold only the kinds of records that its readers know.
    public let format: UInt32
    /// The version before the first record.
    public let baseVersion: Int
    /// The version after the last record.
    public private(set) var version: Int
    /// The size of the file up to the end of the last record.
    public private(set) var size: Int
    /// False once it is unknown what is on the device: nothing is added then, and synchronization is not retried.
    public private(set) var isUsable = true
    /// The path of the file.
    public private(set) var path: String
    /// Bytes of all records.
    public var recordBytes: Int { size - LogFormat.headerSize }

    private let file: File
    private let salt: UInt64
    /// What was read from the end of the file and may be in the system's memory only.
    private var unproven: (offset: Int, bytes: [UInt8])?
    /// Whether the path led to the file at the last check.
    private var isInPlace = true
    /// Whether the file extends past the last record.
    private var isTorn = false
    /// Where the last record begins, while it can be taken back.
    private var last: Int?

    /// Creates a log. It is durable once its directory is synchronized.
    ///
    /// - Throws: `StorageError`; the file is then removed, if possible.
    init(creating path: String, baseVersion: Int, fileSystem: any FileSystem) throws(StorageError) {
        let header = LogFormat.FileHeader(baseVersion: baseVersion, salt: UInt64.random(in: .min ... .max))
        let file = try File(path, .createNew, fileSystem: fileSystem)
        do throws(StorageError) {
            try Self.write(header.bytes, to: file, at: 0)
            // Before the first record: an incomplete header proves that there never was one.
            try file.synchronizeData()
        } catch {
            try? fileSystem.removeFile(path)
            throw error
        }
        self.file = file
        self.path = path
        self.baseVersion = baseVersion
        format = header.format
        salt = header.salt
        version = baseVersion
        size = LogFormat.headerSize
    }

    /// Continues after the last record of a log that has been read to its end.
    ///
    /// Cuts off an incomplete end, and waits for the device before adding anything: otherwise it could reappear after a new record. Makes
    /// the last record durable, as `prove` does; if there is no room for that, before the next record is added.
    ///
    /// - Throws: `StorageError`; the log cannot be used then.
    init(continuing reader: LogReader, fileSystem: any FileSystem) throws(StorageError) {
        format = reader.format
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

    /// Makes what was read from the file durable, unless that has been done.
    ///
    /// The previous process may have ended because a synchronization failed. The system then holds what it could not write, considers it
    /// written, and would report success for a second synchronization. So the bytes that may be in the system's memory only are written
    /// again. They belong to the last record: earlier ones were on the device before it was begun.
    ///
    /// - Throws: `StorageError`; if `isUsable` is still true, it may be retried.
    public func prove() throws(StorageError) {
        guard let unproven else {
            // Even if it was out of place before: its content cannot be found yet.
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

    /// Follows a renaming of the log's directory.
    public func move(to path: String) { self.path = path }

    /// Checks that the path still leads to the file: otherwise its records cannot be found, whatever has been synchronized, and the log
    /// becomes unusable.
    ///
    /// The path leads to this very file only if all directories above are in place, so they need no check of their own.
    ///
    /// - Throws: `StorageError`; usually `.notInPlace`.
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
            // The system may have dropped the pages that it could not write: success of a second call would prove nothing.
            isUsable = false
            throw error
        }
    }

    /// Adds a record, and returns when it is on the device and the path leads to it.
    ///
    /// - Parameters:
    ///   - record: its header is filled in.
    ///   - version: the version after the record: one more than the last.
    /// - Throws: `StorageError`. If `isUsable` is still true, the record is not in the log, and will not be after a crash; otherwise that
    ///   is unknown.
    /// - Complexity: linear in the record, one `fdatasync`, and two calls that do not wait.
    public func append(_ record: inout LogRecord, version: Int) throws(StorageError) {
        let written = try write(&record, version: version)
        try complete(written, failure: written.synchronize())
    }

    /// A record that has been written, but may be in the system's memory only.
    public struct Written: Sendable {
        fileprivate let file: File
        fileprivate let size: Int

        /// Waits until the record is on the device; any thread may call it, once.
        ///
        /// - Returns: the error to complete the record with.
        public func synchronize() -> StorageError? {
            do throws(StorageError) { try file.synchronizeData() } catch { return error }
            return nil
        }
    }

    /// Writes a record, the first half of `append`. Until `complete` the log must not be used otherwise.
    ///
    /// - Throws: as `append`.
    public func write(_ record: inout LogRecord, version: Int) throws(StorageError) -> Written {
        guard isUsable else { throw StorageError(.append, path: path, reason: .unusable) }
        precondition(version == self.version + 1, "versions follow one another")
        if unproven != nil { try prove() }
        record.seal(version: version, salt: salt, offset: size)
        do throws(StorageError) {
            try Self.write(record.bytes, to: file, at: size)
        } catch {
            // Usually out of space. A part of the record may be in the file: it must be gone before the next one.
            cut(to: size)
            throw error
        }
        return Written(file: file, size: record.bytes.count)
    }

    /// Adds a record that has been written.
    ///
    /// - Parameter failure: what its `synchronize` returned.
    /// - Throws: as `append`.
    public func complete(_ written: Written, failure: StorageError?) throws(StorageError) {
        if let failure {
            // The system may have dropped the pages that it could not write: success of a second call would prove nothing.
            isUsable = false
            throw failure
        }
        try requireInPlace()
        last = size
        size += written.size
        version += 1
    }

    /// Takes back the last record, if the change that it describes failed.
    ///
    /// - Returns: false if that failed; the log is then unusable.
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
