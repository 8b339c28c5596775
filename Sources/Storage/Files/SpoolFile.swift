internal import Concurrency
internal import Glibc

/// A temporary file without a name, for large data in transit that memory should not hold.
///
/// It is written sequentially and then read, mapped, or sent. It disappears with its last reference or descriptor, even after a crash.
public final class SpoolFile: Sendable {
    /// The most bytes that the file accepts.
    public let maximumSize: Int

    private let file: File
    private let state: Guarded<State>

    private struct State {
        /// Bytes not yet written to the file; they follow those that are.
        var pending: [UInt8] = []
        var writtenCount = 0
    }

    /// Bytes collected before they are written.
    private static let bufferSize = 1 << 18

    /// Creates an empty file on the file system of `directory`.
    public init(in directory: String, maximumSize: Int = .max) throws(StorageError) {
        self.maximumSize = maximumSize
        file = try Self.makeFile(in: directory)
        state = Guarded(State())
    }

    /// The number of bytes appended so far.
    public var size: Int { state.withLock { $0.writtenCount + $0.pending.count } }

    /// Appends bytes; after an error, an unknown part of them.
    ///
    /// - Throws: `StorageError`; `.limitExceeded`, with nothing appended, past `maximumSize`.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            guard bytes.count <= maximumSize - state.writtenCount - state.pending.count else {
                throw StorageError(.write, path: file.path, reason: .limitExceeded(bytes: maximumSize))
            }
            if state.pending.count + bytes.count > Self.bufferSize { try flush(&state) }
            if bytes.count >= Self.bufferSize {
                try file.write(bytes, at: state.writtenCount)
                state.writtenCount += bytes.count
            } else {
                if state.pending.capacity == 0 { state.pending.reserveCapacity(Self.bufferSize) }
                state.pending.append(contentsOf: bytes)
            }
        }
    }

    /// Maps everything appended so far into memory, for reading.
    public func map() throws(StorageError) -> MappedBytes {
        try file.map(count: flush())
    }

    /// Calls `body` with everything appended so far, mapped into memory during the call.
    package func withMappedBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) throws(StorageError) -> Result {
        try map().withUnsafeBytes(body)
    }

    /// Reads from `offset` on until `bytes` is full or the file ends, and returns the number of bytes read.
    public func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(StorageError) -> Int {
        try flush()
        return try file.read(into: bytes, at: offset)
    }

    /// A second descriptor of the file, with everything appended so far written, for `sendfile` with its own offset.
    ///
    /// The caller must close it. It keeps the file's contents alive without this object.
    public func duplicateDescriptor() throws(StorageError) -> Int32 {
        try flush()
        return try file.duplicateDescriptor()
    }

    /// Closes the file, which frees its blocks unless another descriptor or a mapping is left. Nothing may use it afterwards.
    public func close() throws(StorageError) { try file.close() }

    /// Writes pending bytes and returns the size.
    @discardableResult
    private func flush() throws(StorageError) -> Int {
        try state.withLock { (state) throws(StorageError) in
            try flush(&state)
            return state.writtenCount
        }
    }

    private func flush(_ state: inout State) throws(StorageError) {
        guard !state.pending.isEmpty else { return }
        try state.pending.withUnsafeBufferPointer { (buffer) throws(StorageError) in
            try file.write(UnsafeRawBufferPointer(buffer), at: state.writtenCount)
        }
        state.writtenCount += state.pending.count
        state.pending.removeAll(keepingCapacity: true)
    }

    private static func makeFile(in directory: String) throws(StorageError) -> File {
        // O_TMPFILE, which the C library's headers hide without _GNU_SOURCE; the same on all architectures that Swift supports on Linux.
        let unnamed: Int32 = 0o20_000_000 | O_DIRECTORY
        let descriptor = retrying { SystemFileSystem().open(directory, flags: unnamed | O_RDWR, permissions: 0o600) }
        if descriptor >= 0 { return File(descriptor: Int32(descriptor), path: directory) }
        // Some file systems do not support it (EOPNOTSUPP), and kernels that do not know the flag see a directory (EISDIR).
        guard descriptor == -Int(EOPNOTSUPP) || descriptor == -Int(EISDIR) else {
            throw StorageError(.create, path: directory, failure: descriptor)
        }
        return try makeUnlinkedFile(in: directory)
    }

    /// Creates a file under a unique name and removes the name.
    static func makeUnlinkedFile(in directory: String) throws(StorageError) -> File {
        while true {
            let path = directory + "/.spool-" + String(UInt64.random(in: .min ... .max), radix: 36)
            do throws(StorageError) {
                let file = try File(path, .createNew)
                unlink(path)
                return file
            } catch {
                if error.errorNumber != EEXIST { throw error }
            }
        }
    }
}
