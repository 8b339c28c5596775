internal import Glibc

/// The directory of a server's models. One process at a time may have it open.
///
/// `lock` holds the number of that process; `models/<name>` holds a model's files. A model's directory is renamed into and out of place, so
/// the model is there completely or not at all.
public final class DataDirectory: Sendable {
    /// The directory's path.
    public let path: String
    private let fileSystem: any FileSystem
    private let lock: File

    /// A prefix that no model has: models' names begin with a letter or a digit.
    private static let newPrefix = ".new-"
    private static let deletedPrefix = ".deleted-"

    /// Opens the directory, and creates it if necessary.
    ///
    /// Removes models whose creation or deletion was interrupted by a crash.
    ///
    /// - Throws: `StorageError`; `.locked` if another process has it open, `.notWritable` if this process may not write there. A full disk
    ///   is not an error: existing models can be served.
    public init(_ path: String, fileSystem: any FileSystem = SystemFileSystem()) throws(StorageError) {
        self.path = path
        self.fileSystem = fileSystem
        lock = try Self.explainingRefusals { () throws(StorageError) in
            let isNew = try fileSystem.makeDirectory(path)
            try Self.synchronizeParent(of: path, isNew: isNew, fileSystem)
            return try Self.takeLock(path + "/lock", .createOrKeep, fileSystem)
        }
        // For people only: the lock is what counts, and a full disk has no room for a number.
        try? Self.writeProcess(to: lock)
        _ = try Self.explainingRefusals { () throws(StorageError) in try fileSystem.makeDirectory(path + "/models") }
        // Even if it existed: its creator may have been killed before this.
        try fileSystem.synchronizeDirectory(path)
        try Self.explainingRefusals { () throws(StorageError) in try Self.tryWriting(modelsPath, fileSystem) }
        for name in try fileSystem.names(in: modelsPath) where name.hasPrefix(Self.newPrefix) || name.hasPrefix(Self.deletedPrefix) {
            try fileSystem.removeTree(modelsPath + "/" + name)
        }
        try fileSystem.synchronizeDirectory(modelsPath)
    }

    /// Opens an existing directory for reading; changes nothing in it.
    ///
    /// - Throws: `StorageError`; `.locked` if a server has it open.
    public init(reading path: String, fileSystem: any FileSystem = SystemFileSystem()) throws(StorageError) {
        self.path = path
        self.fileSystem = fileSystem
        lock = try Self.takeLock(path + "/lock", .read, fileSystem)
    }

    /// Releases the directory to other processes; nothing may use it any more.
    public func close() {
        try? lock.unlock()
        try? lock.close()
    }

    private var modelsPath: String { path + "/models" }

    /// The names of all models, sorted.
    public func modelNames() throws(StorageError) -> [String] {
        try fileSystem.names(in: modelsPath).filter { !$0.hasPrefix(".") }
    }

    /// The files of an existing model.
    public func model(_ name: String) -> ModelDirectory {
        ModelDirectory(modelsPath + "/" + name, fileSystem: fileSystem)
    }

    /// Checks that the path still leads to the directory that this process has locked; anything else belongs to others.
    ///
    /// - Throws: `StorageError`; usually `.notInPlace`.
    public func requireInPlace() throws(StorageError) { try lock.requireName(path + "/lock") }

    /// Creates an empty directory for a model, under a temporary name that `add` changes.
    ///
    /// - Throws: `StorageError`; `.notInPlace` as for `requireInPlace`.
    public func makeModel(_ name: String) throws(StorageError) -> ModelDirectory {
        try requireInPlace()
        let path = "\(modelsPath)/\(Self.newPrefix)\(name)"
        if try !fileSystem.makeDirectory(path) {
            // Left by an earlier failed attempt.
            try fileSystem.removeTree(path)
            try fileSystem.makeDirectory(path)
        }
        return ModelDirectory(path, fileSystem: fileSystem)
    }

    /// Gives a directory from `makeModel`, whose files are on the device, the model's name, and makes the name durable.
    ///
    /// - Throws: `StorageError`; the directory is then removed, if possible.
    public func add(_ made: ModelDirectory, _ name: String) throws(StorageError) -> ModelDirectory {
        let model = model(name)
        do throws(StorageError) {
            try fileSystem.synchronizeDirectory(made.path)
            try fileSystem.move(made.path, to: model.path)
        } catch {
            discard(made)
            throw error
        }
        do throws(StorageError) {
            try fileSystem.synchronizeDirectory(modelsPath)
            try requireInPlace()
        } catch {
            _ = try? delete(name)
            throw error
        }
        return model
    }

    /// Removes a directory from `makeModel`, if possible; the next `init` removes the rest.
    public func discard(_ made: ModelDirectory) {
        try? fileSystem.removeTree(made.path)
    }

    /// Deletes a model for good: it does not come back, though its files may remain for a while.
    ///
    /// - Returns: a value that removes the files.
    /// - Throws: `StorageError`; `.rename` if the model is still there, any other if that is unknown.
    public func delete(_ name: String) throws(StorageError) -> DeletedModel {
        try requireInPlace()
        let path = "\(modelsPath)/\(Self.deletedPrefix)\(UInt64.random(in: .min ... .max))"
        try fileSystem.move(model(name).path, to: path)
        try fileSystem.synchronizeDirectory(modelsPath)
        return DeletedModel(path: path, fileSystem: fileSystem)
    }

    /// Checks that the directory of models is writable, by creating a directory that is later removed as a leftover.
    private static func tryWriting(_ modelsPath: String, _ fileSystem: any FileSystem) throws(StorageError) {
        do throws(StorageError) {
            try fileSystem.makeDirectory(modelsPath + "/" + newPrefix)
        } catch {
            guard error.isOutOfSpace else { throw error }
        }
    }

    /// Turns permission errors of the system into `.notWritable`.
    private static func explainingRefusals<R>(_ body: () throws(StorageError) -> R) throws(StorageError) -> R {
        do throws(StorageError) {
            return try body()
        } catch {
            guard let number = error.errorNumber, [EACCES, EPERM, EROFS].contains(number) else { throw error }
            throw StorageError(error.operation, path: error.path, reason: .notWritable(number))
        }
    }

    /// Makes the data directory's own name durable.
    ///
    /// - Parameter isNew: whether this process has created it. Another creator may have crashed before syncing; or the parent may be
    ///   unreadable to us or on a foreign file system.
    private static func synchronizeParent(of path: String, isNew: Bool, _ fileSystem: any FileSystem) throws(StorageError) {
        do throws(StorageError) {
            try fileSystem.synchronizeDirectory(parent(of: path))
        } catch {
            guard !isNew, let number = error.errorNumber, [EACCES, EPERM, EROFS, EINVAL].contains(number) else { throw error }
        }
    }

    private static func parent(of path: String) -> String {
        var names = path.split(separator: "/", omittingEmptySubsequences: false)
        while names.last == "" { names.removeLast() }
        let parent = names.dropLast().joined(separator: "/")
        return !parent.isEmpty ? parent : path.hasPrefix("/") ? "/" : "."
    }

    private static func takeLock(_ path: String, _ mode: File.Mode, _ fileSystem: any FileSystem) throws(StorageError) -> File {
        let file = try File(path, mode, fileSystem: fileSystem)
        if try file.lock() { return file }
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = try? bytes.withUnsafeMutableBufferPointer { (buffer) throws(StorageError) in
            try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
        }
        let digits = bytes.prefix(count ?? 0).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        throw StorageError(.lock, path: path, reason: .locked(process: Int(String(decoding: digits, as: UTF8.self))))
    }

    private static func writeProcess(to file: File) throws(StorageError) {
        let text = Array("\(getpid())\n".utf8)
        try file.truncate(to: 0)
        try text.withUnsafeBufferPointer { (buffer) throws(StorageError) in
            try file.write(UnsafeRawBufferPointer(buffer), at: 0)
        }
    }
}

/// The files of a model that has been deleted.
public struct DeletedModel: Sendable {
    let path: String
    let fileSystem: any FileSystem

    /// Removes them, if possible; the next opening of the data directory removes the rest.
    public func removeFiles() {
        try? fileSystem.removeTree(path)
    }
}
