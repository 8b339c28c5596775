import CommandSupport
import Foundation

/// A file mapped into memory, whose pages are released as it is read.
final class MappedInput {
    /// The name in messages.
    let name: String
    /// Valid for the lifetime of this object: keep the object with any part of the bytes.
    let bytes: UnsafeRawBufferPointer

    /// Maps the first `count` bytes of an open file.
    init(_ descriptor: Int32, count: Int, name: String) throws {
        self.name = name
        guard count > 0 else { throw InputError("\(name) is empty") }
        guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw InputError("\(name) cannot be mapped: \(String(cString: strerror(errno)))")
        }
        bytes = UnsafeRawBufferPointer(start: address, count: count)
    }

    /// Reads a stream to its end into a temporary file without a name, and maps that: binary formats locate their parts in the middle or at
    /// the end.
    convenience init(spooling stream: ByteStream) throws {
        let directory = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/var/tmp"
        var template = Array((directory + "/accrue-XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw InputError("cannot create a temporary file in \(directory): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        unlink(template)
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var size = 0
        while case let count = try buffer.withUnsafeMutableBytes({ try stream.read(into: $0) }), count > 0 {
            var written = 0
            while written < count {
                let result = buffer.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, count - written) }
                if result < 0, errno == EINTR { continue }
                guard result > 0 else {
                    throw InputError("cannot write the temporary file in \(directory): \(String(cString: strerror(errno)))")
                }
                written += result
            }
            size += count
        }
        try self.init(descriptor, count: size, name: stream.name)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count) }

    /// Releases the memory of a part of the file; the part can be read again.
    ///
    /// - Parameter part: must be within `bytes`; otherwise nothing is done.
    func release(_ part: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, let first = part.baseAddress, first >= base, part.count > 0,
            first + part.count <= base + bytes.count
        else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = (first - base) / page * page
        madvise(UnsafeMutableRawPointer(mutating: base + start), first - base - start + part.count, MADV_DONTNEED)
    }
}
