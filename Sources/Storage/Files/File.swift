internal import Glibc
internal import Synchronization

/// An open file, closed when the last reference to it is released.
///
/// Every call continues after an interrupting signal and after a short read or write, until all is done or the system refuses. Positions
/// are explicit, so that several threads may read one file at once. A caller that closes it early must ensure that no other thread uses it.
public final class File: Sendable {
    /// How a file is opened.
    public enum Mode: Sendable {
        /// An existing file, for reading.
        case read
        /// An existing file, for reading and writing.
        case readWrite
        /// A new file, for reading and writing; refused if the path exists.
        case createNew
        /// A file for reading and writing, created if missing; its content is kept.
        case createOrKeep
        /// A file for reading and writing, created if missing, emptied otherwise.
        case createOrEmpty

        fileprivate var flags: Int32 {
            switch self {
            case .read: O_RDONLY
            case .readWrite: O_RDWR
            case .createNew: O_RDWR | O_CREAT | O_EXCL
            case .createOrKeep: O_RDWR | O_CREAT
            case .createOrEmpty: O_RDWR | O_CREAT | O_TRUNC
            }
        }
    }

    /// The path under which the file was opened.
    public let path: String
    private let handle: Atomic<Int32>
    private let fileSystem: any FileSystem

    /// Opens or creates a file. Programs that this one starts do not inherit it.
    ///
    /// - Parameter permissions: for a created file: its owner's only by default.
    public convenience init(
        _ path: String, _ mode: Mode = .read, permissions: UInt32 = 0o600, fileSystem: any FileSystem = SystemFileSystem()
    ) throws(StorageError) {
        let operation: StorageError.Operation = mode == .read || mode == .readWrite ? .open : .create
        let descriptor = retrying { fileSystem.open(path, flags: mode.flags, permissions: permissions) }
        guard descriptor >= 0 else { throw StorageError(operation, path: path, failure: descriptor) }
        self.init(descriptor: Int32(descriptor), path: path, fileSystem: fileSystem)
    }

    /// Opens a directory to synchronize it.
    convenience init(directory path: String, fileSystem: any FileSystem) throws(StorageError) {
        let descriptor = retrying { fileSystem.open(path, flags: O_RDONLY | O_DIRECTORY, permissions: 0) }
        guard descriptor >= 0 else { throw StorageError(.open, path: path, failure: descriptor) }
        self.init(descriptor: Int32(descriptor), path: path, fileSystem: fileSystem)
    }

    /// Takes over an open descriptor.
    init(descriptor: Int32, path: String, fileSystem: any FileSystem = SystemFileSystem()) {
        handle = Atomic(descriptor)
        self.path = path
        self.fileSystem = fileSystem
    }

    deinit {
        let descriptor = handle.load(ordering: .relaxed)
        if descriptor >= 0 { _ = fileSystem.close(descriptor) }
    }

    /// The descriptor, or −1 once the file is closed; the file still owns it.
    public var descriptor: Int32 { handle.load(ordering: .relaxed) }

    /// Closes the file. Its descriptor is gone even if this throws: the error may come from an earlier write.
    public func close() throws(StorageError) {
        let descriptor = handle.exchange(-1, ordering: .relaxed)
        guard descriptor >= 0 else { return }
        let result = fileSystem.close(descriptor)
        // Linux releases the descriptor before it can be interrupted: a second call could close another file.
        if result < 0, result != -Int(EINTR) { throw StorageError(.close, path: path, failure: result) }
    }

    /// The size in bytes.
    public func size() throws(StorageError) -> Int {
        try check(.size, retrying { fileSystem.size(descriptor) })
    }

    /// The identity of the open file.
    public func identity() throws(StorageError) -> FileIdentity {
        var found: FileIdentity?
        try check(.identify, retrying { fileSystem.identify(descriptor) { found = $0 } })
        guard let found else { throw StorageError(.identify, path: path, reason: .system(EIO)) }
        return found
    }

    /// Checks that a path leads to this very file; otherwise data written here could not be found there.
    ///
    /// - Throws: `StorageError`; `.notInPlace` if the path leads to another file or to none, or the file has no name any more.
    /// - Complexity: two system calls.
    func requireName(_ path: String) throws(StorageError) {
        try fileSystem.requireName(path, of: identity())
    }

    /// Writes all of `bytes` at `offset`.
    ///
    /// After an error, any part of them may have been written.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StorageError) {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = try check(.write, retrying { fileSystem.write(descriptor, rest, at: offset + written) })
            // The system may write less than asked, but it writes nothing at all only if it has no room.
            if count == 0 { throw StorageError(.write, path: path, reason: .system(ENOSPC)) }
            written += count
        }
    }

    /// Reads from `offset` on until `bytes` is full or the file ends, and returns the number of bytes read.
    public func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(StorageError) -> Int {
        var total = 0
        while total < bytes.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[total...])
            let count = try check(.read, retrying { fileSystem.read(descriptor, into: rest, at: offset + total) })
            if count == 0 { break }
            total += count
        }
        return total
    }

    /// Fills `bytes` from `offset` on; throws if the file ends before.
    public func readAll(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(StorageError) {
        guard try read(into: bytes, at: offset) == bytes.count else {
            throw StorageError(.read, path: path, reason: .unexpectedEnd)
        }
    }

    /// Cuts or zero-extends the file to `size` bytes.
    public func truncate(to size: Int) throws(StorageError) {
        try check(.truncate, retrying { fileSystem.truncate(descriptor, to: size) })
    }

    /// Waits until the data, and what is needed to find it, is on the device.
    ///
    /// After an error it is unknown what is there, and a second call proves nothing: the system may have dropped the pages that it could
    /// not write.
    public func synchronizeData() throws(StorageError) {
        try check(.synchronizeData, retrying { fileSystem.synchronizeData(descriptor) })
    }

    /// Waits until data and attributes are on the device; of a directory, its entries. See `synchronizeData()`.
    public func synchronize() throws(StorageError) {
        try check(.synchronize, retrying { fileSystem.synchronize(descriptor) })
    }

    /// Takes the file's exclusive lock. It belongs to the descriptor, and so ends with the process however that ends.
    ///
    /// - Returns: false if another open file has it.
    func lock() throws(StorageError) -> Bool {
        let result = retrying { fileSystem.lock(descriptor) }
        if result == -Int(EWOULDBLOCK) { return false }
        try check(.lock, result)
        return true
    }

    /// Releases the lock. Closing alone would not while a process that is just starting holds a copy of the descriptor.
    func unlock() throws(StorageError) {
        try check(.lock, retrying { fileSystem.unlock(descriptor) })
    }

    /// A second descriptor of the same open file, which other programs do not inherit. The caller must close it.
    public func duplicateDescriptor() throws(StorageError) -> Int32 {
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0 else { throw failure(.duplicate) }
        return duplicate
    }

    /// Maps the first `count` bytes into memory, for reading.
    ///
    /// The file must not be shortened while it is mapped: reading past its end kills the process.
    ///
    /// - Throws: `StorageError`; `.unexpectedEnd` if the file now has fewer bytes.
    public func map(count: Int) throws(StorageError) -> MappedBytes {
        guard count > 0 else { return MappedBytes() }
        guard try size() >= count else { throw StorageError(.map, path: path, reason: .unexpectedEnd) }
        guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else { throw failure(.map) }
        return MappedBytes(UnsafeRawBufferPointer(start: address, count: count))
    }

    @discardableResult
    private func check(_ operation: StorageError.Operation, _ result: Int) throws(StorageError) -> Int {
        guard result >= 0 else { throw StorageError(operation, path: path, failure: result) }
        return result
    }

    private func failure(_ operation: StorageError.Operation) -> StorageError {
        StorageError(operation, path: path, reason: .system(errno))
    }
}
