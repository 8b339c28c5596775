internal import Glibc

extension FileSystem {
    /// Renames a file or directory. The new name is durable only after its directory is synchronized.
    func move(_ path: String, to new: String) throws(StorageError) {
        try check(.rename, path) { rename(path, to: new) }
    }

    /// Removes a file, if it exists.
    func removeFile(_ path: String) throws(StorageError) {
        try check(.remove, path, allowing: ENOENT) { remove(path) }
    }

    /// Creates a directory for its owner alone.
    ///
    /// - Returns: false if it already exists.
    @discardableResult
    func makeDirectory(_ path: String) throws(StorageError) -> Bool {
        try check(.makeDirectory, path, allowing: EEXIST) { makeDirectory(path, permissions: 0o700) } >= 0
    }

    /// Makes a directory's entries durable: files created, renamed or removed in it.
    func synchronizeDirectory(_ path: String) throws(StorageError) {
        let directory = try File(directory: path, fileSystem: self)
        try directory.synchronize()
        // Nothing was written through this descriptor, so an error of closing does not matter.
        try? directory.close()
    }

    /// The names in a directory, sorted.
    func names(in path: String) throws(StorageError) -> [String] {
        var names: [String] = []
        try check(.list, path) {
            names = []
            return list(path) { names.append($0) }
        }
        return names.sorted()
    }

    /// Checks that a path leads to a file; see `File.requireName`.
    func requireName(_ path: String, of file: FileIdentity) throws(StorageError) {
        var found: FileIdentity?
        let result = retrying { identify(path) { found = $0 } }
        if let found, file.links > 0, found.isSame(as: file) { return }
        guard result >= 0 || result == -Int(ENOENT) || result == -Int(ENOTDIR) else {
            throw StorageError(.identify, path: path, failure: result)
        }
        throw StorageError(.identify, path: path, reason: .notInPlace)
    }

    /// Removes a directory and the files in it; it must hold no directories.
    func removeTree(_ path: String) throws(StorageError) {
        for name in try names(in: path) { try removeFile(path + "/" + name) }
        try check(.remove, path, allowing: ENOENT) { removeDirectory(path) }
    }

    @discardableResult
    private func check(
        _ operation: StorageError.Operation, _ path: String, allowing allowed: Int32? = nil, _ call: () -> Int
    ) throws(StorageError) -> Int {
        let result = retrying(call)
        guard result < 0 else { return result }
        let number = Int32(truncatingIfNeeded: -result)
        if number == allowed { return result }
        throw StorageError(operation, path: path, reason: .system(number))
    }
}

/// Repeats a system call while signals interrupt it.
func retrying(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result != -Int(EINTR) { return result }
    }
}
