import Glibc
import Testing

@testable import Storage

@Suite struct SpoolFileTests {
    private let directory = TemporaryDirectory()

    /// Pieces of many sizes, including around the size of the buffer.
    private static let sizes = [0, 1, 3, 1000, 262_143, 1, 262_144, 262_145, 5, 700_000, 0, 77]

    private func append(_ sizes: [Int], to spool: SpoolFile) throws -> [UInt8] {
        var all: [UInt8] = []
        for size in sizes {
            let piece = (0..<size).map { UInt8(truncatingIfNeeded: all.count &+ $0 &* 7) }
            try piece.withUnsafeBytes { try spool.append($0) }
            all += piece
        }
        return all
    }

    @Test func pieces_areMappedAsOne() throws {
        let spool = try SpoolFile(in: directory.path)
        let all = try append(Self.sizes, to: spool)
        #expect(spool.size == all.count)
        #expect(try spool.withMappedBytes { $0.elementsEqual(all) })
        // More may be appended after mapping.
        let more = try append([10], to: spool)
        #expect(try spool.withMappedBytes { $0.elementsEqual(all + more) })
    }

    @Test func emptyFile_mapsToNothing() throws {
        let spool = try SpoolFile(in: directory.path)
        #expect(try spool.withMappedBytes { $0.count } == 0)
    }

    @Test func file_hasNoName() throws {
        let spool = try SpoolFile(in: directory.path)
        _ = try append([300_000], to: spool)
        #expect(directory.names == [])
        let file = try SpoolFile.makeUnlinkedFile(in: directory.path)
        #expect(directory.names == [])
        try [UInt8(1)].withUnsafeBytes { try file.write($0, at: 0) }
        #expect(try file.size() == 1)
    }

    @Test func limit_isKeptAndNothingBeyondItTaken() throws {
        let spool = try SpoolFile(in: directory.path, maximumSize: 300_000)
        _ = try append([299_999], to: spool)
        let error = [UInt8](repeating: 0, count: 2).withUnsafeBytes { bytes in
            storageError { () throws(StorageError) in try spool.append(bytes) }
        }
        #expect(error?.reason == .limitExceeded(bytes: 300_000))
        #expect(spool.size == 299_999)
        _ = try append([1], to: spool)
        #expect(spool.size == 300_000)
    }

    @Test func duplicateDescriptor_outlivesTheObject() throws {
        var spool: SpoolFile? = try SpoolFile(in: directory.path)
        let all = try append([1000], to: spool!)
        let descriptor = try spool!.duplicateDescriptor()
        spool = nil
        var bytes = [UInt8](repeating: 0, count: 2000)
        #expect(pread(descriptor, &bytes, 2000, 0) == 1000)
        #expect(Array(bytes[..<1000]) == all)
        #expect(close(descriptor) == 0)
    }

    @Test func reading_seesWhatIsStillPending() throws {
        let spool = try SpoolFile(in: directory.path)
        let all = try append([100], to: spool)
        var bytes = [UInt8](repeating: 0, count: 50)
        #expect(try bytes.withUnsafeMutableBytes { try spool.read(into: $0, at: 60) } == 40)
        #expect(Array(bytes[..<40]) == Array(all[60...]))
    }

    @Test func missingDirectory_isNamed() {
        let path = directory.path + "/absent"
        let error = storageError { () throws(StorageError) in try SpoolFile(in: path) }
        #expect(error == StorageError(.create, path: path, reason: .system(ENOENT)))
        #expect(error?.description == "create \(path): No such file or directory")
    }
}
