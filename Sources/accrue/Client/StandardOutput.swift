import CommandSupport
import Foundation

/// Unbuffered standard output, for large texts.
enum StandardOutput {
    /// - Throws: `InputError` if writing fails. If the reader is gone, SIGPIPE ends the process, as for any filter.
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
