import Foundation

/// The bytes of a file or of standard input, in order. It waits no longer than the user does.
final class ByteStream {
    /// The name in messages.
    let name: String
    /// The size in bytes, where it is a regular file.
    let size: Int?
    private let descriptor: Int32
    private let stopDescriptor: Int32
    /// Bytes that were looked at beforehand.
    private var pending: ArraySlice<UInt8> = []
    private(set) var bytesRead = 0
    /// Remembered, because a terminal goes on after its end.
    private var isAtEnd = false

    /// Opens a file; `-` is standard input.
    ///
    /// - Parameter stopDescriptor: ends waiting when it becomes readable; -1 for none.
    /// - Throws: `InputError`.
    init(_ path: String, stopDescriptor: Int32 = Interruption.shared.stopDescriptor) throws {
        self.stopDescriptor = stopDescriptor
        if path == "-" {
            name = "standard input"
            descriptor = dup(STDIN_FILENO)
        } else {
            name = path
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
        }
        guard descriptor >= 0 else { throw InputError("\(name) cannot be read: \(String(cString: strerror(errno)))") }
        var information = stat()
        let isKnown = fstat(descriptor, &information) == 0
        guard !isKnown || information.st_mode & S_IFMT != S_IFDIR else {
            close(descriptor)
            throw InputError("\(name) is a directory")
        }
        // What has been read of standard input before is not there any more.
        let start = max(0, lseek(descriptor, 0, SEEK_CUR))
        size = isKnown && information.st_mode & S_IFMT == S_IFREG ? max(0, Int(information.st_size) - Int(start)) : nil
    }

    deinit { close(descriptor) }

    /// How much has been read, from 0 to 1, where the size is known.
    var fractionRead: Double? { size.map { $0 == 0 ? 1 : min(1, Double(bytesRead) / Double($0)) } }

    /// Reads what there is, at least a byte.
    ///
    /// - Returns: 0 at the end.
    /// - Throws: `InputError`, `Interrupted`.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if !pending.isEmpty {
            let count = min(pending.count, buffer.count)
            buffer.copyBytes(from: pending.prefix(count))
            pending.removeFirst(count)
            bytesRead += count
            return count
        }
        let count = try readDescriptor(into: buffer)
        bytesRead += count
        return count
    }

    /// The first bytes, at most `count`, which will be read all the same.
    func peek(_ count: Int) throws -> ArraySlice<UInt8> {
        var buffer = [UInt8](repeating: 0, count: count)
        while pending.count < count {
            let found = try buffer.withUnsafeMutableBytes {
                try readDescriptor(into: UnsafeMutableRawBufferPointer(rebasing: $0[..<(count - pending.count)]))
            }
            if found == 0 { break }
            pending = ArraySlice(Array(pending) + buffer[..<found])
        }
        return pending.prefix(count)
    }

    /// The file itself, mapped; nil where it is none, or some of it has been read.
    func map() throws -> MappedInput? {
        guard let size, lseek(descriptor, 0, SEEK_CUR) == 0 || pending.count == lseek(descriptor, 0, SEEK_CUR) else { return nil }
        return try MappedInput(descriptor, count: size, name: name)
    }

    private func readDescriptor(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while !isAtEnd {
            // A regular file is always readable; a pipe or a terminal may have nothing for ever.
            if Readiness.wait(for: Int16(POLLIN), of: descriptor, seconds: nil, or: stopDescriptor) == .interrupted {
                try Interruption.shared.check()
            }
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 { return count }
            isAtEnd = count == 0
            guard isAtEnd || errno == EINTR || errno == EAGAIN else {
                throw InputError("\(name) cannot be read: \(String(cString: strerror(errno)))")
            }
        }
        return 0
    }
}
