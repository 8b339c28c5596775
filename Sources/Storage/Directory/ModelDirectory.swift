/// The files of one model: checkpoints, each a complete state, and logs of later changes.
///
/// `checkpoint-<version>.safetensors` holds the state of a version; `log-<version>.wal` starts at that version. A log is created before its
/// checkpoint is in place, so that learning need not wait: until then the state is that of the previous checkpoint with both logs.
public struct ModelDirectory: Sendable {
    /// The directory's path.
    public let path: String
    let fileSystem: any FileSystem

    /// The directory at a path. It may be read without the data directory's lock if there is no writer.
    public init(_ path: String, fileSystem: any FileSystem = SystemFileSystem()) {
        self.path = path
        self.fileSystem = fileSystem
    }

    /// The path of a version's checkpoint.
    public func checkpointPath(_ version: Int) -> String { "\(path)/checkpoint-\(version).safetensors" }

    /// The path of the log that starts at a version.
    public func logPath(_ version: Int) -> String { "\(path)/log-\(version).wal" }

    func temporaryPath(_ version: Int) -> String { "\(path)/\(Self.temporaryPrefix)\(version)" }

    private static let temporaryPrefix = ".checkpoint-"

    /// The highest possible version of a file: 2^53 − 1, the largest count of versions. Files with other names are not this program's.
    public static let maximumVersion = (1 << 53) - 1

    /// The versions that have checkpoints, ascending.
    public func checkpoints() throws(StorageError) -> [Int] {
        try versions("checkpoint-", ".safetensors")
    }

    /// The versions at which logs start, ascending.
    public func logs() throws(StorageError) -> [Int] {
        try versions("log-", ".wal")
    }

    /// Opens a checkpoint for reading.
    public func openCheckpoint(_ version: Int) throws(StorageError) -> File {
        try File(checkpointPath(version), .read, fileSystem: fileSystem)
    }

    /// Reopens a checkpoint.
    ///
    /// - Throws: `StorageError`; `.notInPlace` if its name now belongs to another file.
    public func openCheckpoint(_ version: Int, as identity: FileIdentity) throws(StorageError) -> File {
        let file = try openCheckpoint(version)
        guard try file.identity().isSame(as: identity) else { throw StorageError(.open, path: file.path, reason: .notInPlace) }
        return file
    }

    /// Begins a checkpoint.
    public func beginCheckpoint(version: Int) throws(StorageError) -> CheckpointWriter {
        try CheckpointWriter(self, version: version)
    }

    /// Creates a log that starts at a version, and makes its name durable.
    ///
    /// - Parameter previous: the log that it follows, which must be on the device completely first: only the end of the last log is in
    ///   doubt.
    /// - Throws: `StorageError`, also if such a log exists and has records. An empty one, left by a failed checkpoint, is created again.
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

    /// Removes what a checkpoint in place makes superfluous: the logs before it and all but the newest checkpoints.
    ///
    /// - Parameters:
    ///   - version: the version of the newest checkpoint.
    ///   - kept: how many checkpoints to keep, at least 1.
    ///   - erased: removes everything before this version and the remains of failed checkpoints; no checkpoint may then be under way.
    /// - Throws: `StorageError`; the next call removes what is left over.
    public func prune(before version: Int, keeping kept: Int, erasing erased: Int? = nil) throws(StorageError) {
        let older = try checkpoints().filter { $0 < version }
        for old in try logs() where old < version { try fileSystem.removeFile(logPath(old)) }
        let newest = older.suffix(max(0, kept - 1)).first ?? version
        for old in older where old < max(newest, erased ?? 0) { try fileSystem.removeFile(checkpointPath(old)) }
        if erased != nil { try removeTemporaryFiles() }
        try synchronize()
    }

    /// Makes all existing names durable.
    public func synchronize() throws(StorageError) { try fileSystem.synchronizeDirectory(path) }

    /// Removes files that were being written when a process ended, and makes all remaining names durable.
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
            // The canonical form of a version: no sign, no leading zeros.
            guard let version = Int(digits), (0...Self.maximumVersion).contains(version), String(version) == digits else { return nil }
            return version
        }.sorted()
    }
}
