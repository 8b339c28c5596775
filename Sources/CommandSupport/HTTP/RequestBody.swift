import Glibc

/// The body of a request.
package enum RequestBody {
    case none
    case bytes([UInt8])
    /// A whole file, read at its own offset: it can be resent.
    case file(FileBytes)
    /// A stream of unknown length, in chunks: it can be sent once.
    case stream((UnsafeMutableRawBufferPointer) throws -> Int)

    /// An open file of known size.
    package struct FileBytes {
        let descriptor: Int32
        let count: Int
        /// Called with the number of bytes sent.
        let onProgress: (Int) -> Void

        package init(descriptor: Int32, count: Int, onProgress: @escaping (Int) -> Void) {
            self.descriptor = descriptor
            self.count = count
            self.onProgress = onProgress
        }
    }

    /// The fields for its length (RFC 9112, section 6).
    var framing: String {
        switch self {
        case .none: ""
        case .bytes(let bytes): "Content-Length: \(bytes.count)\r\n"
        case .file(let file): "Content-Length: \(file.count)\r\n"
        case .stream: "Transfer-Encoding: chunked\r\n"
        }
    }

    /// Writes the body after a head.
    ///
    /// - Returns: false if the server did not accept all of it.
    func write(behind head: [UInt8], to connection: HTTPConnection) throws -> Bool {
        switch self {
        case .none: return try head.withUnsafeBytes(connection.write)
        case .bytes(let bytes):
            // One segment for a small request.
            guard bytes.count > 16 << 10 else { return try (head + bytes).withUnsafeBytes(connection.write) }
            guard try head.withUnsafeBytes(connection.write) else { return false }
            return try bytes.withUnsafeBytes(connection.write)
        case .file(let file):
            guard try head.withUnsafeBytes(connection.write) else { return false }
            return try write(file, to: connection)
        case .stream(let read):
            guard try head.withUnsafeBytes(connection.write) else { return false }
            return try writeChunks(read, to: connection)
        }
    }

    private func write(_ file: FileBytes, to connection: HTTPConnection) throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var sent = 0
        while sent < file.count {
            let count = pread(file.descriptor, &buffer, min(buffer.count, file.count - sent), off_t(sent))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw InputError("the file shrank while it was being sent") }
            guard try buffer.withUnsafeBytes({ try connection.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }) else { return false }
            sent += count
            file.onProgress(sent)
        }
        return true
    }

    private func writeChunks(_ read: (UnsafeMutableRawBufferPointer) throws -> Int, to connection: HTTPConnection) throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = try buffer.withUnsafeMutableBytes(read)
            let size = Array("\(String(count, radix: 16))\r\n".utf8)
            guard try (size + buffer[..<count] + [13, 10]).withUnsafeBytes(connection.write) else { return false }
            if count == 0 { return true }
        }
    }
}
