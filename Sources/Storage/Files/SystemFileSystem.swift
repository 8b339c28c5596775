internal import Glibc

/// The operating system's own file system.
public struct SystemFileSystem: FileSystem {
    /// Creates the only instance that is needed.
    public init() {}

    /// `open(2)`; other programs do not inherit the descriptor.
    public func open(_ path: String, flags: Int32, permissions: UInt32) -> Int {
        result(Int(Glibc.open(path, flags | O_CLOEXEC, mode_t(permissions))))
    }

    /// `close(2)`.
    public func close(_ descriptor: Int32) -> Int { result(Int(Glibc.close(descriptor))) }

    /// `pread(2)`.
    public func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        return result(pread(descriptor, base, bytes.count, offset))
    }

    /// `pwrite(2)`.
    public func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        return result(pwrite(descriptor, base, bytes.count, offset))
    }

    /// `fstat(2)`.
    public func size(_ descriptor: Int32) -> Int {
        var status = stat()
        let answer = fstat(descriptor, &status)
        return answer == 0 ? Int(status.st_size) : result(Int(answer))
    }

    /// `fstat(2)`.
    public func identify(_ descriptor: Int32, _ body: (FileIdentity) -> Void) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return -Int(errno) }
        body(Self.identity(status))
        return 0
    }

    /// `stat(2)`.
    public func identify(_ path: String, _ body: (FileIdentity) -> Void) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { return -Int(errno) }
        body(Self.identity(status))
        return 0
    }

    private static func identity(_ status: stat) -> FileIdentity {
        FileIdentity(device: UInt64(status.st_dev), number: UInt64(status.st_ino), links: Int(status.st_nlink))
    }

    /// `ftruncate(2)`.
    public func truncate(_ descriptor: Int32, to size: Int) -> Int { result(Int(ftruncate(descriptor, size))) }

    /// `fdatasync(2)`.
    public func synchronizeData(_ descriptor: Int32) -> Int { result(Int(fdatasync(descriptor))) }

    /// `fsync(2)`.
    public func synchronize(_ descriptor: Int32) -> Int { result(Int(fsync(descriptor))) }

    /// `flock(2)`.
    public func lock(_ descriptor: Int32) -> Int { result(Int(flock(descriptor, LOCK_EX | LOCK_NB))) }

    /// `flock(2)`.
    public func unlock(_ descriptor: Int32) -> Int { result(Int(flock(descriptor, LOCK_UN))) }

    /// `rename(2)`.
    public func rename(_ path: String, to new: String) -> Int { result(Int(Glibc.rename(path, new))) }

    /// `unlink(2)`.
    public func remove(_ path: String) -> Int { result(Int(unlink(path))) }

    /// `mkdir(2)`.
    public func makeDirectory(_ path: String, permissions: UInt32) -> Int { result(Int(mkdir(path, mode_t(permissions)))) }

    /// `rmdir(2)`.
    public func removeDirectory(_ path: String) -> Int { result(Int(rmdir(path))) }

    /// `readdir(3)`.
    public func list(_ path: String, _ body: (String) -> Void) -> Int {
        guard let directory = opendir(path) else { return -Int(errno) }
        defer { closedir(directory) }
        while true {
            errno = 0
            guard let entry = readdir(directory) else { return -Int(errno) }
            // The name's field is as long as the longest name; a zero ends it.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee)) { String(cString: $0) }
            }
            if name != ".", name != ".." { body(name) }
        }
    }

    private func result(_ value: Int) -> Int { value < 0 ? -Int(errno) : value }
}
