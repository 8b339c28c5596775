import CommandSupport
import Foundation
import TensorFormats

/// The bytes of a file or of standard input, in order. An interruption ends its waits.
final class ByteStream {
    /// The name in messages.
    let name: String
    /// The size in bytes of a regular file.
    let size: Int?
    private let descriptor: Int32
    private let stopDescriptor: Int32
    /// Whether to decompress gzipped data.
    private let unpacks: Bool
    /// Set for gzipped data, once its first bytes are known.
    private var gzip: GzipReader?
    private var hasLooked = false
    /// Bytes of the file that were peeked at, and decompressed ones.
    private var compressed: ArraySlice<UInt8> = []
    private var pending: ArraySlice<UInt8> = []
    /// Bytes of the file used so far.
    private(set) var bytesRead = 0
    /// Remembered, because a terminal continues after its end.
    private var isAtEnd = false

    /// Opens a file; `-` is standard input.
    ///
    /// - Parameters:
    ///   - unpacks: whether to decompress gzip, recognised by its first bytes, while reading.
    ///   - stopDescriptor: ends waiting when it becomes readable; -1 for none.
    /// - Throws: `InputError`.
    init(_ path: String, unpacks: Bool = false, stopDescriptor: Int32 = Interruption.shared.stopDescriptor) throws {
        self.stopDescriptor = stopDescriptor
        self.unpacks = unpacks
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
        // Earlier reads of standard input have moved its offset.
        let start = max(0, lseek(descriptor, 0, SEEK_CUR))
        size = isKnown && information.st_mode & S_IFMT == S_IFREG ? max(0, Int(information.st_size) - Int(start)) : nil
    }

    deinit { close(descriptor) }

    /// The share read so far, from 0 to 1, if the size is known.
    var fractionRead: Double? { size.map { $0 == 0 ? 1 : min(1, Double(bytesRead) / Double($0)) } }

    /// Reads available bytes, at least one.
    ///
    /// - Returns: 0 at the end.
    /// - Throws: `InputError`, `Interrupted`.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard pending.isEmpty else { return Self.take(&pending, buffer, counting: &bytesRead, gzip == nil) }
        return try readContent(into: buffer)
    }

    /// The first bytes, at most `count`, without consuming them.
    func peek(_ count: Int) throws -> ArraySlice<UInt8> {
        var buffer = [UInt8](repeating: 0, count: count)
        while pending.count < count {
            let found = try buffer.withUnsafeMutableBytes {
                try readContent(into: UnsafeMutableRawBufferPointer(rebasing: $0[..<(count - pending.count)]), isAhead: true)
            }
            if found == 0 { break }
            pending = ArraySlice(Array(pending) + buffer[..<found])
        }
        return pending.prefix(count)
    }

    /// Skips the byte order mark at the start of a text.
    ///
    /// - Throws: `InputError` if it is that of an encoding other than UTF-8.
    func skipByteOrderMark() throws {
        let start = Array(try peek(4))
        let mark: Int
        do { mark = try start.withUnsafeBytes(ByteOrderMark.check) } catch { throw InputError("\(name) \(error)") }
        pending.removeFirst(mark)
        if gzip == nil { bytesRead += mark }
    }

    /// The file itself, mapped; nil if it is not a regular file, is compressed, or has been partly read.
    func map() throws -> MappedInput? {
        guard let size, gzip == nil, compressed.isEmpty, lseek(descriptor, 0, SEEK_CUR) == pending.count else { return nil }
        return try MappedInput(descriptor, count: size, name: name)
    }

    // MARK: Layers

    /// Reads the content, decompressed if necessary.
    ///
    /// - Parameter isAhead: whether the bytes are only peeked at.
    private func readContent(into buffer: UnsafeMutableRawBufferPointer, isAhead: Bool = false) throws -> Int {
        if unpacks, !hasLooked {
            hasLooked = true
            while compressed.count < 2 {
                var byte: UInt8 = 0
                guard try withUnsafeMutableBytes(of: &byte, readDescriptor) > 0 else { break }
                compressed.append(byte)
            }
            if GzipReader.begins(compressed) { gzip = GzipReader() }
        }
        guard let gzip else { return try readFile(into: buffer, counts: !isAhead) }
        do {
            return try gzip.read(into: buffer) { try readFile(into: $0, counts: true) }
        } catch let error as ContentCodingError { throw InputError("\(name): \(error)") }
    }

    /// Reads the file's own bytes.
    private func readFile(into buffer: UnsafeMutableRawBufferPointer, counts: Bool) throws -> Int {
        guard compressed.isEmpty else { return Self.take(&compressed, buffer, counting: &bytesRead, counts) }
        let count = try readDescriptor(into: buffer)
        if counts { bytesRead += count }
        return count
    }

    private static func take(
        _ bytes: inout ArraySlice<UInt8>, _ buffer: UnsafeMutableRawBufferPointer, counting read: inout Int, _ counts: Bool
    ) -> Int {
        let count = min(bytes.count, buffer.count)
        buffer.copyBytes(from: bytes.prefix(count))
        bytes.removeFirst(count)
        if counts { read += count }
        return count
    }

    private func readDescriptor(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while !isAtEnd {
            // A regular file is always readable; a pipe or a terminal may block forever.
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
