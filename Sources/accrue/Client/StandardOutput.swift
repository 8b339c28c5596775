import Foundation

/// Standard output for much text, without a buffer between.
enum StandardOutput {
    /// - Throws: `InputError` where it takes no more. A reader that has gone ends the process by SIGPIPE, as it does any filter.
    static func write(_ bytes: UnsafeRawBufferPointer) throws {
        var written = 0
        while written < bytes.count {
            let count = Foundation.write(STDOUT_FILENO, bytes.baseAddress! + written, bytes.count - written)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw InputError("standard output cannot be written: \(String(cString: strerror(errno)))") }
            written += count
        }
    }
}
