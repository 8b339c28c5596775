internal import Glibc

extension FileSystem {
    /// Renames a file or directory. The new name lasts only once its directory is synchronized.
    func move(_ path: String, to new: String) throws(StorageError) {
        try check(.rename, path) { rename(path, to: new) }
    }

    /// Removes a file; one that is not there is removed already.
    func removeFile(_ path: String) throws(StorageError) {
        try check(.remove, path, allowing: ENOENT) { remove(path) }
    }

    /// Makes a directory for its owner alone.
    ///
    /// - Returns: false where it is there already.
    @discardableResult
    func makeDirectory(_ path: String) throws(StorageError) -> Bool {
        try check(.makeDirectory, path, allowing: EEXIST) { makeDirectory(path, permissions: 0o700) } >= 0
    }

    /// Makes a directory's entries last: files made, renamed or removed in it.
    func synchronizeDirectory(_ path: String) throws(StorageError) {
        let directory = try File(directory: path, fileSystem: self)
        try directory.synchronize()
        // Nothing was written through this descriptor: what closing says is of no interest.
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

    /// Refuses where a path does not lead to a file; see `File.requireName`.
    func requireName(_ path: String, of file: FileIdentity) throws(StorageError) {
        var found: FileIdentity?
        let result = retrying { identify(path) { found = $0 } }
        if let found, file.links > 0, found.isSame(as: file) { return }
        guard result >= 0 || result == -Int(ENOENT) || result == -Int(ENOTDIR) else {
            throw StorageError(.identify, path: path, failure: result)
        }
        throw StorageError(.identify, path: path, reason: .notInPlace)
    }

    /// Removes a directory with the files in it; it holds no directories.
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

/// Makes a system call again for as long as a signal interrupts it.
func retrying(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result != -Int(EINTR) { return result }
    }
}
