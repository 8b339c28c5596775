import Glibc
import Testing

@testable import Storage

@Suite struct FileTests {
    private let directory = TemporaryDirectory()

    private func write(_ text: String, to file: File, at offset: Int) throws {
        try Array(text.utf8).withUnsafeBytes { try file.write($0, at: offset) }
    }

    private func text(of file: File, count: Int, at offset: Int = 0) throws -> String {
        var bytes = [UInt8](repeating: 0, count: count)
        let read = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: offset) }
        return String(decoding: bytes[..<read], as: UTF8.self)
    }

    @Test func writtenBytes_areReadBackAndCut() throws {
        let path = directory.path + "/a"
        let file = try File(path, .createNew)
        try write("hello world", to: file, at: 0)
        try write("W", to: file, at: 6)
        try file.synchronizeData()
        try file.synchronize()
        #expect(try file.size() == 11)
        #expect(try text(of: file, count: 100) == "hello World")
        try file.truncate(to: 5)
        try file.close()
        let again = try File(path)
        #expect(try text(of: again, count: 100, at: 1) == "ello")
        #expect(try text(of: again, count: 1, at: 99) == "")
    }

    @Test func modes_keepEmptyOrRefuseWhatIsThere() throws {
        let path = directory.path + "/a"
        #expect(storageError { () throws(StorageError) in try File(path) }?.errorNumber == ENOENT)
        #expect(storageError { () throws(StorageError) in try File(path, .readWrite) }?.errorNumber == ENOENT)
        try write("x", to: File(path, .createOrKeep), at: 0)
        #expect(try File(path, .createOrKeep).size() == 1)
        #expect(storageError { () throws(StorageError) in try File(path, .createNew) }?.errorNumber == EEXIST)
        #expect(try File(path, .createOrEmpty).size() == 0)
        var status = stat()
        stat(path, &status)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func descriptor_isNotInheritedAndNotUsedAfterClose() throws {
        let file = try File(directory.path + "/a", .createNew)
        #expect(fcntl(file.descriptor, F_GETFD) & FD_CLOEXEC != 0)
        let duplicate = try file.duplicateDescriptor()
        #expect(fcntl(duplicate, F_GETFD) & FD_CLOEXEC != 0)
        #expect(close(duplicate) == 0)
        try file.close()
        try file.close()
        #expect(storageError { () throws(StorageError) in try file.size() }?.errorNumber == EBADF)
    }

    @Test func shortFile_isAnErrorOnlyWhereAllIsAskedFor() throws {
        let file = try File(directory.path + "/a", .createNew)
        try write("abc", to: file, at: 0)
        var bytes = [UInt8](repeating: 0, count: 4)
        let error = bytes.withUnsafeMutableBytes { buffer in
            storageError { () throws(StorageError) in try file.readAll(into: buffer, at: 0) }
        }
        #expect(error?.reason == .unexpectedEnd)
    }

    @Test func fullDevice_isTold() throws {
        let file = try File("/dev/full", .readWrite)
        let error = [UInt8](repeating: 1, count: 10).withUnsafeBytes { bytes in
            storageError { () throws(StorageError) in try file.write(bytes, at: 0) }
        }
        #expect(error == StorageError(.write, path: "/dev/full", reason: .system(ENOSPC)))
        #expect(error?.isOutOfSpace == true)
        #expect(error?.description == "write /dev/full: No space left on device")
    }

    @Test func mappedBytes_areThoseOfTheFile() throws {
        let file = try File(directory.path + "/a", .createNew)
        try write("mapped", to: file, at: 0)
        let mapping = try file.map(count: file.size())
        #expect(mapping.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } == "mapped")
        #expect(storageError { () throws(StorageError) in try file.map(count: 7) }?.reason == .unexpectedEnd)
        let nothing = try file.map(count: 0)
        #expect(nothing.withUnsafeBytes { $0.count } == 0)
    }
}
