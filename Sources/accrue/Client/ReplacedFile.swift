import CommandSupport
import Foundation

/// A file that is created or replaced atomically: written next to its place, synced, and renamed.
///
/// A symbolic link stays one; its target is replaced. Something other than a file, such as a device or a pipe, is kept and written to at
/// the end. A file that is not committed leaves nothing behind.
final class ReplacedFile {
    private let path: String
    /// The path to replace; nil if it leads to something other than a file.
    private let target: String?
    private var temporary: [CChar]
    private let descriptor: Int32
    private var isCommitted = false

    /// - Throws: `InputError` if no file can be created in the directory.
    init(_ path: String) throws {
        self.path = path
        target = try Self.target(of: path)
        let url = URL(fileURLWithPath: target ?? NSTemporaryDirectory() + "/accrue")
        var template = Array("\(url.deletingLastPathComponent().path)/.\(url.lastPathComponent).XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        temporary = template
        guard descriptor >= 0 else { throw Self.failure(path) }
        guard target != nil else { return }
        // mkstemp creates a file for its owner alone; the user's mask determines the access of others.
        let mask = umask(0)
        umask(mask)
        fchmod(descriptor, 0o666 & ~mask)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if descriptor >= 0, !isCommitted { unlink(temporary) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws { try Self.write(bytes, to: descriptor, path) }

    /// Calls `body` with the written content.
    func withContents(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let contents = try MappedInput(descriptor, count: size, name: path)
        try withExtendedLifetime(contents) { try body(contents.bytes) }
    }

    /// Renames the file into place.
    func commit() throws {
        guard let target else { return try withContents(writeThrough) }
        guard fsync(descriptor) == 0, rename(temporary, target) == 0 else { throw Self.failure(path) }
        isCommitted = true
        // The name survives a crash only once the directory is synced. An unreadable directory cannot be synced.
        let directory = open(URL(fileURLWithPath: target).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        defer { close(directory) }
        guard fsync(directory) == 0 || errno == EINVAL else { throw Self.failure(path) }
    }

    private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws {
        let device = open(path, O_WRONLY | O_CLOEXEC)
        guard device >= 0 else { throw Self.failure(path) }
        defer { close(device) }
        try Self.write(bytes, to: device, path)
    }

    /// The file at a path, existing or not; nil if something else is there.
    private static func target(of path: String) throws -> String? {
        var information = stat()
        if stat(path, &information) == 0 {
            guard information.st_mode & S_IFMT != S_IFDIR else { throw InputError("\(path) is a directory") }
            guard information.st_mode & S_IFMT == S_IFREG, let resolved = realpath(path, nil) else { return nil }
            defer { free(resolved) }
            return String(cString: resolved)
        }
        guard errno == ENOENT else { throw failure(path) }
        // A link's target may not exist yet.
        var target = path
        while let next = try? FileManager.default.destinationOfSymbolicLink(atPath: target) {
            let directory = URL(fileURLWithPath: target).deletingLastPathComponent().path
            target = next.hasPrefix("/") ? next : "\(directory)/\(next)"
        }
        return target
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws {
        var written = 0
        while written < bytes.count {
            let count = Foundation.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(path) }
            written += count
        }
    }

    private static func failure(_ path: String) -> InputError {
        InputError("\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
}
