/// The files of one model: checkpoints, each a whole state, and logs of what came after.
///
/// `checkpoint-<version>.safetensors` holds the state of a version; `log-<version>.wal` leads from that version on. A log is begun before
/// the checkpoint it follows is in place, so that learning need not wait for it: until then the state is that of the checkpoint before,
/// with both logs.
public struct ModelDirectory: Sendable {
    /// The directory's path.
    public let path: String
    let fileSystem: any FileSystem

    /// The directory at a path, which may be read without the data directory's lock where nobody writes.
    public init(_ path: String, fileSystem: any FileSystem = SystemFileSystem()) {
        self.path = path
        self.fileSystem = fileSystem
    }

    /// Where the checkpoint of a version lies.
    public func checkpointPath(_ version: Int) -> String { "\(path)/checkpoint-\(version).safetensors" }

    /// Where the log from a version on lies.
    public func logPath(_ version: Int) -> String { "\(path)/log-\(version).wal" }

    func temporaryPath(_ version: Int) -> String { "\(path)/\(Self.temporaryPrefix)\(version)" }

    private static let temporaryPrefix = ".checkpoint-"

    /// The highest version that a file can be of: 2^53 − 1, to which versions are counted. Other names are not of this program.
    public static let maximumVersion = (1 << 53) - 1

    /// The versions that there are checkpoints of, ascending.
    public func checkpoints() throws(StorageError) -> [Int] {
        try versions("checkpoint-", ".safetensors")
    }

    /// The versions from which logs lead on, ascending.
    public func logs() throws(StorageError) -> [Int] {
        try versions("log-", ".wal")
    }

    /// Opens a checkpoint to be read.
    public func openCheckpoint(_ version: Int) throws(StorageError) -> File {
        try File(checkpointPath(version), .read, fileSystem: fileSystem)
    }

    /// Opens a checkpoint that was open before.
    ///
    /// - Throws: `StorageError`; `.notInPlace` where its name is another file's now.
    public func openCheckpoint(_ version: Int, as identity: FileIdentity) throws(StorageError) -> File {
        let file = try openCheckpoint(version)
        guard try file.identity().isSame(as: identity) else { throw StorageError(.open, path: file.path, reason: .notInPlace) }
        return file
    }

    /// Begins a checkpoint.
    public func beginCheckpoint(version: Int) throws(StorageError) -> CheckpointWriter {
        try CheckpointWriter(self, version: version)
    }

    /// Makes a log that leads on from a version, and its name last.
    ///
    /// - Parameter previous: the log that it follows, all of which must be on the device before: only the end of the last log is in doubt.
    /// - Throws: `StorageError`; also where there is such a log with records. One without, left over from a checkpoint that came to nothing,
    ///   is created again.
    public func createLog(version: Int, after previous: WriteAheadLog? = nil) throws(StorageError) -> WriteAheadLog {
        try previous?.prove()
        if try logs().contains(version), try File(logPath(version), .read, fileSystem: fileSystem).size() <= LogFormat.headerSize {
            try fileSystem.removeFile(logPath(version))
        }
        let log = try WriteAheadLog(creating: logPath(version), baseVersion: version, fileSystem: fileSystem)
        do throws(StorageError) {
            try fileSystem.synchronizeDirectory(path)
        } catch {
            try? fileSystem.removeFile(logPath(version))
            throw error
        }
        return log
    }

    /// Removes what the checkpoint of a version, which is in place, makes superfluous: the logs before it and all but the newest
    /// checkpoints.
    ///
    /// - Parameters:
    ///   - version: the version of the newest checkpoint.
    ///   - kept: how many checkpoints are kept, at least 1.
    ///   - erased: the version before which nothing is kept, nor what is left of checkpoints that came to nothing; no checkpoint may be
    ///     under way then.
    /// - Throws: `StorageError`; what is left over then will be removed the next time.
    public func prune(before version: Int, keeping kept: Int, erasing erased: Int? = nil) throws(StorageError) {
        let older = try checkpoints().filter { $0 < version }
        for old in try logs() where old < version { try fileSystem.removeFile(logPath(old)) }
        let newest = older.suffix(max(0, kept - 1)).first ?? version
        for old in older where old < max(newest, erased ?? 0) { try fileSystem.removeFile(checkpointPath(old)) }
        if erased != nil { try removeTemporaryFiles() }
        try synchronize()
    }

    /// Makes all names last that are there.
    public func synchronize() throws(StorageError) { try fileSystem.synchronizeDirectory(path) }

    /// Removes files that were being written when a process ended, and makes all names last that are there.
    func removeLeftovers() throws(StorageError) {
        try removeTemporaryFiles()
        try synchronize()
    }

    private func removeTemporaryFiles() throws(StorageError) {
        for name in try fileSystem.names(in: path) where name.hasPrefix(Self.temporaryPrefix) {
            try fileSystem.removeFile(path + "/" + name)
        }
    }

    private func versions(_ prefix: String, _ suffix: String) throws(StorageError) -> [Int] {
        try fileSystem.names(in: path).compactMap { name in
            guard name.hasPrefix(prefix), name.hasSuffix(suffix), name.count > prefix.count + suffix.count else { return nil }
            let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
            // A version as it is written: no sign, no zeros in front.
            guard let version = Int(digits), (0...Self.maximumVersion).contains(version), String(version) == digits else { return nil }
            return version
        }.sorted()
    }
}
