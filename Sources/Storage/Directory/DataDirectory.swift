internal import Glibc

/// The directory of a server's models, which one process at a time may have open.
///
/// `lock` holds the number of that process; `models/<name>` holds the files of a model. A model appears and disappears by the renaming of
/// its directory, so that it is there whole or not at all.
public final class DataDirectory: Sendable {
    /// The directory's path.
    public let path: String
    private let fileSystem: any FileSystem
    private let lock: File

    /// Names that no model can have, as models' names begin with a letter or a digit.
    private static let newPrefix = ".new-"
    private static let deletedPrefix = ".deleted-"

    /// Opens the directory, and makes it where it is not there.
    ///
    /// Models whose making or deleting a crash has interrupted are removed.
    ///
    /// - Throws: `StorageError`; `.locked` where another process has it open, `.notWritable` where this one may not write there. A full disk
    ///   is no error: what is there can be served.
    public init(_ path: String, fileSystem: any FileSystem = SystemFileSystem()) throws(StorageError) {
        self.path = path
        self.fileSystem = fileSystem
        lock = try Self.explainingRefusals { () throws(StorageError) in
            let isNew = try fileSystem.makeDirectory(path)
            try Self.synchronizeParent(of: path, isNew: isNew, fileSystem)
            return try Self.takeLock(path + "/lock", .createOrKeep, fileSystem)
        }
        // For people only: it is the lock that counts, and on a full disk there is no room for a number.
        try? Self.writeProcess(to: lock)
        _ = try Self.explainingRefusals { () throws(StorageError) in try fileSystem.makeDirectory(path + "/models") }
        // Also where it was there: who made it may have been killed before this.
        try fileSystem.synchronizeDirectory(path)
        try Self.explainingRefusals { () throws(StorageError) in try Self.tryWriting(modelsPath, fileSystem) }
        for name in try fileSystem.names(in: modelsPath) where name.hasPrefix(Self.newPrefix) || name.hasPrefix(Self.deletedPrefix) {
            try fileSystem.removeTree(modelsPath + "/" + name)
        }
        try fileSystem.synchronizeDirectory(modelsPath)
    }

    /// Opens a directory that is there, to be read only; nothing in it is changed.
    ///
    /// - Throws: `StorageError`; `.locked` where a server has it open.
    public init(reading path: String, fileSystem: any FileSystem = SystemFileSystem()) throws(StorageError) {
        self.path = path
        self.fileSystem = fileSystem
        lock = try Self.takeLock(path + "/lock", .read, fileSystem)
    }

    /// Lets another process have the directory; nothing may use it any more.
    public func close() {
        try? lock.unlock()
        try? lock.close()
    }

    private var modelsPath: String { path + "/models" }

    /// The names of all models, sorted.
    public func modelNames() throws(StorageError) -> [String] {
        try fileSystem.names(in: modelsPath).filter { !$0.hasPrefix(".") }
    }

    /// The files of a model that is there.
    public func model(_ name: String) -> ModelDirectory {
        ModelDirectory(modelsPath + "/" + name, fileSystem: fileSystem)
    }

    /// Refuses where the path does not lead to the directory any more that this process has the lock of: what lies there is another's.
    ///
    /// - Throws: `StorageError`; `.notInPlace` mostly.
    public func requireInPlace() throws(StorageError) { try lock.requireName(path + "/lock") }

    /// Makes an empty directory for a model, under a name that `add` changes.
    ///
    /// - Throws: `StorageError`; `.notInPlace` as `requireInPlace`.
    public func makeModel(_ name: String) throws(StorageError) -> ModelDirectory {
        try requireInPlace()
        let path = "\(modelsPath)/\(Self.newPrefix)\(name)"
        if try !fileSystem.makeDirectory(path) {
            // An attempt that failed before.
            try fileSystem.removeTree(path)
            try fileSystem.makeDirectory(path)
        }
        return ModelDirectory(path, fileSystem: fileSystem)
    }

    /// Gives a directory from `makeModel`, whose files are on the device, the model's name, and makes it last.
    ///
    /// - Throws: `StorageError`; then the directory is removed, as far as it can be.
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

    /// Removes a directory from `makeModel`, as far as it can be; the next `init` removes the rest.
    public func discard(_ made: ModelDirectory) {
        try? fileSystem.removeTree(made.path)
    }

    /// Takes a model away for good: after the return it does not come back, though its files may still be there for a while.
    ///
    /// - Returns: what removes the files.
    /// - Throws: `StorageError`; `.rename` where the model is still there, any other where that is not known.
    public func delete(_ name: String) throws(StorageError) -> DeletedModel {
        try requireInPlace()
        let path = "\(modelsPath)/\(Self.deletedPrefix)\(UInt64.random(in: .min ... .max))"
        try fileSystem.move(model(name).path, to: path)
        try fileSystem.synchronizeDirectory(modelsPath)
        return DeletedModel(path: path, fileSystem: fileSystem)
    }

    /// Makes a name in the directory of models, which goes as one that is left over, to find out now whether that can be done.
    private static func tryWriting(_ modelsPath: String, _ fileSystem: any FileSystem) throws(StorageError) {
        do throws(StorageError) {
            try fileSystem.makeDirectory(modelsPath + "/" + newPrefix)
        } catch {
            guard error.isOutOfSpace else { throw error }
        }
    }

    /// Explains errors of the system's permissions.
    private static func explainingRefusals<R>(_ body: () throws(StorageError) -> R) throws(StorageError) -> R {
        do throws(StorageError) {
            return try body()
        } catch {
            guard let number = error.errorNumber, [EACCES, EPERM, EROFS].contains(number) else { throw error }
            throw StorageError(error.operation, path: error.path, reason: .notWritable(number))
        }
    }

    /// Makes the data directory's own name last.
    ///
    /// - Parameter isNew: whether this process has made it. Whoever made it else may have been killed before this; or he had a directory that
    ///   is not ours to read, and is no file system of ours.
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

    /// Removes them, as far as they can be; the next opening of the data directory removes the rest.
    public func removeFiles() {
        try? fileSystem.removeTree(path)
    }
}
