import Testing

@testable import TensorFormats

@Suite struct NpzTests {
    /// How a test's archive differs.
    struct Member {
        var name = "a.npy"
        var data = npyFile("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }", bytes(of: [Int64(3), 4]))
        var flags: UInt16 = 0
        var method: UInt16 = 0
        var localName: String?
        var checksum: UInt32?
        var compressedSize: UInt32?
        var uncompressedSize: UInt32?
        var headerOffset: UInt32?
        var localExtra: [UInt8] = []
    }

    private func little<Integer: FixedWidthInteger & BitwiseCopyable>(_ value: Integer) -> [UInt8] { bytes(of: [value.littleEndian]) }

    /// A zip archive of the given members, stored.
    private func archive(
        _ members: [Member], comment: String = "", count: UInt16? = nil, size: UInt32? = nil, start: UInt32? = nil, disk: UInt16 = 0
    ) -> [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for member in members {
            let header = member.headerOffset ?? UInt32(file.count)
            let checksum = member.checksum ?? member.data.withUnsafeBytes { CRC32.checksum(of: $0) }
            let sizes =
                little(member.compressedSize ?? UInt32(member.data.count)) + little(member.uncompressedSize ?? UInt32(member.data.count))
            let localName = Array((member.localName ?? member.name).utf8)
            file += [0x50, 0x4B, 3, 4, 20, 0] + little(member.flags) + little(member.method) + [0, 0, 0, 0] + little(checksum) + sizes
            file += little(UInt16(localName.count)) + little(UInt16(member.localExtra.count)) + localName + member.localExtra + member.data
            let name = Array(member.name.utf8)
            directory +=
                [0x50, 0x4B, 1, 2, 20, 3, 20, 0] + little(member.flags) + little(member.method) + [0, 0, 0, 0] + little(checksum) + sizes
            directory += little(UInt16(name.count)) + [UInt8](repeating: 0, count: 12) + little(header) + name
        }
        let directoryStart = UInt32(file.count)
        let members = count ?? UInt16(members.count)
        file += directory + [0x50, 0x4B, 5, 6] + little(disk) + little(disk) + little(members) + little(members)
        file += little(size ?? UInt32(directory.count)) + little(start ?? directoryStart) + little(UInt16(comment.utf8.count))
        return file + Array(comment.utf8)
    }

    private func labels(_ file: [UInt8], _ name: String, limit: Int = .max) throws(NpzError) -> [String] {
        try file.withUnsafeBufferPointer { (buffer) throws(NpzError) in
            let archive = try NpzArchive(UnsafeRawBufferPointer(buffer))
            return try archive.array(named: name, maximumByteCount: limit).withView { view in
                var strings = PackedStrings()
                let count = (try? view.appendLabels(into: &strings, maximumCount: 100, maximumBytes: 100)) ?? 0
                return (0..<count).map { strings[$0] }
            }
        }
    }

    private func error(_ file: [UInt8], limit: Int = .max) -> NpzError.Kind? {
        do {
            _ = try labels(file, "a", limit: limit)
            return nil
        } catch { return error.kind }
    }

    private func isDamaged(_ file: [UInt8]) -> Bool {
        if case .damaged = error(file) { true } else { false }
    }

    @Test func archivesOfNumPy_areRead() throws {
        #expect(try labels(Fixtures.compressedNpz, "labels") == ["cat", "dé", ""])
        #expect(try labels(Fixtures.streamedNpz, "labels") == ["0", "1", "2"])
        try Fixtures.compressedNpz.withUnsafeBytes { bytes in
            let archive = try NpzArchive(bytes)
            #expect(archive.names == ["features", "labels"])
            var values: [Float] = []
            let features = try archive.array(named: "features")
            #expect(features.layout.shape == [3, 2])
            #expect(try features.withView { try $0.appendMatrix(columns: 2, into: &values, maximumRows: 3) } == 3)
            #expect(values == [1, 2.5, -3, 0.25, 1e10, 0])
        }
    }

    @Test func storedArchive_isReadWithCommentAndLocalExtraFields() throws {
        var zip64 = Member()
        zip64.localExtra = [1, 0, 16, 0] + [UInt8](repeating: 0xFF, count: 16)
        #expect(try labels(archive([Member()]), "a") == ["3", "4"])
        #expect(try labels(archive([zip64], comment: "a comment PK\u{5}\u{6}"), "a") == ["3", "4"])
        var other = Member()
        other.name = "b"
        #expect(try labels(archive([Member(), other]), "b") == ["3", "4"])
    }

    @Test func unsupportedArchives_areNamed() {
        #expect(error([]) == .notZip)
        #expect(error([UInt8](repeating: 0, count: 100)) == .notZip)
        #expect(error(archive([Member()]) + [0]) == .notZip)
        #expect(error(archive([Member(flags: 1)])) == .unsupported("encrypted"))
        #expect(error(archive([Member(flags: 0x40)])) == .unsupported("encrypted"))
        #expect(error(archive([Member(method: 12)])) == .unsupported("method 12"))
        #expect(error(archive([Member()], disk: 1)) == .unsupported("split"))
        #expect(error(archive([Member()], count: 0xFFFF)) == .unsupported("zip64"))
        #expect(error(archive([Member(compressedSize: .max, uncompressedSize: .max)])) == .unsupported("zip64"))
        #expect(error(archive([])) == .missing)
    }

    @Test func contradictions_areRefused() {
        #expect(error(archive([Member(), Member()])) == .duplicateName)
        #expect(error(archive([Member(), Member(name: "a")])) == .duplicateName)
        // Two spellings of a word are two names.
        #expect(try! labels(archive([Member(name: "caf\u{e9}.npy"), Member(name: "cafe\u{301}.npy")]), "cafe\u{301}") == ["3", "4"])
        #expect(error(archive([Member(checksum: 1)])) == .checksumMismatch)
        #expect(isDamaged(archive([Member(localName: "b.npy")])))
        #expect(isDamaged(archive([Member(localName: "longer.npy")])))
        #expect(isDamaged(archive([Member(compressedSize: 5)])))
        #expect(isDamaged(archive([Member(compressedSize: 1 << 20, uncompressedSize: 1 << 20)])))
        #expect(isDamaged(archive([Member(headerOffset: 1)])))
        #expect(isDamaged(archive([Member(headerOffset: 0xFFFF_FFFE)])))
        #expect(isDamaged(archive([Member()], count: 2)))
        #expect(isDamaged(archive([Member()], count: 0)))
        #expect(isDamaged(archive([Member()], size: 10)))
        #expect(isDamaged(archive([Member()], start: 10)))
        // Two entries of one piece of data: the second's header is the first's.
        #expect(isDamaged(archive([Member(), Member(name: "b.npy", localName: "a.npy", headerOffset: 0)])))
        let overlapping = Member(name: "a.npy", headerOffset: 0)
        #expect(error(archive([overlapping, Member(name: "b.npy")])) == nil)
    }

    @Test func sizes_areBoundedBeforeAnythingIsReserved() {
        #expect(error(archive([Member()]), limit: 10) == .tooLarge(144, limit: 10))
        // 4 GB out of a few bytes: refused by their ratio.
        let bomb = Member(data: Fixtures.fixedBlock, method: 8, compressedSize: 19, uncompressedSize: 0xFFFF_FFF0)
        #expect(error(archive([bomb])) == .inflate(InflateError(.tooLittleOutput(19 * 1032, expected: 0xFFFF_FFF0), at: 0)))
        let liar = Member(data: Fixtures.fixedBlock, method: 8, compressedSize: 19, uncompressedSize: 31)
        #expect(error(archive([liar])) == .inflate(InflateError(.tooMuchOutput(expected: 31), at: 19)))
        #expect(error(archive([Member(data: Array("not an npy file".utf8))])) == .npy(NpyError(.notNpy, at: 0)))
    }

    @Test func everyCutArchive_isRefused() {
        let file = archive([Member(), Member(name: "b.npy")])
        for length in 0..<file.count { #expect(error(Array(file[..<length])) != nil, "\(length)") }
    }

    @Test func mutatedArchive_neverTraps() {
        var generator = SeededGenerator(seed: 10)
        let seeds = [Fixtures.compressedNpz, Fixtures.streamedNpz, archive([Member(), Member(name: "labels.npy")], comment: "c")]
        for _ in 0..<(runsFullTests ? 200_000 : 20_000) {
            var file = seeds.randomElement(using: &generator)!
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                // Half of the changes in the directory, which controls everything.
                let position =
                    Bool.random(using: &generator)
                    ? Int.random(in: max(0, file.count - 160)..<file.count, using: &generator)
                    : Int.random(in: 0..<file.count, using: &generator)
                switch generator.next() % 5 {
                case 0: file[position] = UInt8(truncatingIfNeeded: generator.next())
                case 1: file[position] ^= 1 << UInt8.random(in: 0...7, using: &generator)
                case 2: file[position] = 0xFF
                case 3: file[position] = 0
                default: file.insert(UInt8(truncatingIfNeeded: generator.next()), at: position)
                }
            }
            file.withUnsafeBytes { bytes in
                guard let archive = try? NpzArchive(bytes) else { return }
                for name in archive.names { _ = try? archive.array(named: name, maximumByteCount: 1 << 20).withView { $0.layout } }
            }
        }
    }
}
