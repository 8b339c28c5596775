internal import Concurrency

/// A checkpoint being written, under a temporary name until it is complete and on the device.
///
/// The thread that owns the state passes it in with `append` and `flush`, at memory speed; any thread may then wait for the device in
/// `commit`. A writer that was not committed removes its file when it is released.
public final class CheckpointWriter: Sendable {
    /// The version of the written state.
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

    /// Whether the file has its final name. If `commit` then failed, a crash may leave the old state or the new one.
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

    /// Writes everything to the system; the state may change afterwards.
    public func flush() throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in try flush(&state) }
    }

    /// Waits until the file is on the device, renames it to its final name, and waits until the name is on the device too.
    ///
    /// - Throws: `StorageError`; a failed synchronization is not retried: the file is given up. `.notInPlace` if the directory has been
    ///   removed, moved or replaced meanwhile.
    public func commit() throws(StorageError) {
        try flush()
        // Before the rename: a name that survives a crash without its content would be worse than none.
        try file.synchronize()
        // A different file of this name, or a directory that replaced the file's own, is not ours to rename.
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
