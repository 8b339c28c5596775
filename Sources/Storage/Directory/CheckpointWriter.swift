internal import Concurrency

/// A checkpoint that is being written, under a temporary name until it is whole and on the device.
///
/// The thread that owns the state hands it over with `append` and `flush`, at the speed of memory; any thread may then wait for the device
/// in `commit`. A writer that goes without having been committed takes its file with it.
public final class CheckpointWriter: Sendable {
    /// The version of the state that is written.
    public let version: Int

    private let directory: ModelDirectory
    private let temporaryPath: String
    private let file: File
    private let state = Guarded(State())

    private struct State {
        var pending: [UInt8] = []
        var writtenCount = 0
        var isRenamed = false
    }

    private static let bufferSize = 1 << 18

    init(_ directory: ModelDirectory, version: Int) throws(StorageError) {
        self.directory = directory
        self.version = version
        temporaryPath = directory.temporaryPath(version)
        file = try File(temporaryPath, .createOrEmpty, fileSystem: directory.fileSystem)
    }

    deinit {
        if !state.withLock({ $0.isRenamed }) { try? directory.fileSystem.removeFile(temporaryPath) }
    }

    /// The bytes appended so far.
    public var size: Int { state.withLock { $0.writtenCount + $0.pending.count } }

    /// Whether the file has its last name. Where `commit` failed behind that, a crash may leave the old state or the new one.
    public var isRenamed: Bool { state.withLock { $0.isRenamed } }

    /// Appends bytes.
    public func append(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
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

    /// Hands everything to the system: from then on the state may change.
    public func flush() throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in try flush(&state) }
    }

    /// Waits until the file is on the device, gives it its name, and waits until the name is, too.
    ///
    /// - Throws: `StorageError`; a failed synchronization is not tried again: the file is given up. `.notInPlace` where the directory has been
    ///   removed, moved or replaced meanwhile.
    public func commit() throws(StorageError) {
        try flush()
        // Before the rename: a name that survives a crash without its content would be worse than none.
        try file.synchronize()
        // Another file of this name, or a directory in place of the one that the file is in, is not ours to rename.
        let identity = try file.identity()
        try directory.fileSystem.requireName(temporaryPath, of: identity)
        try file.close()
        try directory.fileSystem.move(temporaryPath, to: directory.checkpointPath(version))
        state.withLock { $0.isRenamed = true }
        try directory.fileSystem.synchronizeDirectory(directory.path)
        try directory.fileSystem.requireName(directory.checkpointPath(version), of: identity)
    }

    private func flush(_ state: inout State) throws(StorageError) {
        guard !state.pending.isEmpty else { return }
        try state.pending.withUnsafeBufferPointer { (buffer) throws(StorageError) in
            try file.write(UnsafeRawBufferPointer(buffer), at: state.writtenCount)
        }
        state.writtenCount += state.pending.count
        state.pending.removeAll(keepingCapacity: true)
    }
}
