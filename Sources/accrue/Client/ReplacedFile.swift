import Foundation

/// A file that appears, or replaces another one, all at once: written beside its place, synced, and renamed.
///
/// One that is not committed leaves nothing behind.
final class ReplacedFile {
    private let path: String
    private var temporary: [CChar]
    private let descriptor: Int32
    private var isCommitted = false

    /// - Throws: `InputError` where the directory takes no file.
    init(_ path: String) throws {
        self.path = path
        let url = URL(fileURLWithPath: path)
        let directory = url.deletingLastPathComponent().path
        var template = Array("\(directory)/.\(url.lastPathComponent).XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        temporary = template
        guard descriptor >= 0 else { throw InputError("\(path) cannot be written: \(String(cString: strerror(errno)))") }
        // mkstemp makes a file for its owner alone; others may do with it what the user's mask lets them.
        let mask = umask(0)
        umask(mask)
        fchmod(descriptor, 0o666 & ~mask)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if descriptor >= 0, !isCommitted { unlink(temporary) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        var written = 0
        while written < bytes.count {
            let count = write(descriptor, bytes.baseAddress! + written, bytes.count - written)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw InputError("\(path) cannot be written: \(String(cString: strerror(errno)))") }
            written += count
        }
    }

    /// Calls `body` with what has been written.
    func withContents(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let contents = try MappedInput(descriptor, count: size, name: path)
        try withExtendedLifetime(contents) { try body(contents.bytes) }
    }

    /// Puts the file into its place.
    func commit() throws {
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
            throw InputError("\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        isCommitted = true
    }
}
