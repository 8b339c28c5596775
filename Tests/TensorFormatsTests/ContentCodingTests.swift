import Testing

@testable import TensorFormats

@Suite struct ContentCodingTests {
    private func decompress(_ coding: ContentCoding, _ bytes: [UInt8], limit: Int = 1 << 20) throws(ContentCodingError) -> [UInt8] {
        try bytes.withUnsafeBufferPointer { (buffer) throws(ContentCodingError) in
            let content = try coding.decompress(UnsafeRawBufferPointer(buffer), limit: limit)
            return content.withUnsafeBytes { Array($0) }
        }
    }

    private func error(_ coding: ContentCoding, _ bytes: [UInt8], limit: Int = 1 << 20) -> ContentCodingError.Kind? {
        do {
            _ = try decompress(coding, bytes, limit: limit)
            return nil
        } catch { return error.kind }
    }

    /// `zlib.compress(b"{\"a\":1}", 9)` and `gzip.compress` of the same, by Python.
    private static let zlib: [UInt8] = [120, 218, 171, 86, 74, 84, 178, 50, 172, 5, 0, 8, 42, 2, 9]
    private static let gzip: [UInt8] = [
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 74, 84, 178, 50, 172, 5, 0, 175, 172, 27, 86, 7, 0, 0, 0,
    ]
    private static let text = Array(#"{"a":1}"#.utf8)

    /// A gzip member of deflated data, with these flags and the fields that they require.
    private static func member(_ deflated: [UInt8], checksum: UInt32, count: Int, flags: UInt8 = 0, fields: [UInt8] = []) -> [UInt8] {
        [31, 139, 8, flags, 0, 0, 0, 0, 0, 255] + fields + deflated + little(checksum) + little(UInt32(count))
    }

    private static func little(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    @Test func contentOfPython_isDecompressed() throws {
        #expect(try decompress(.deflate, Self.zlib) == Self.text)
        #expect(try decompress(.gzip, Self.gzip) == Self.text)
        #expect(try decompress(.gzip, Self.gzip + Self.gzip + Self.gzip) == Self.text + Self.text + Self.text)
        let dynamic = Self.member(Fixtures.dynamicBlock, checksum: 2_500_040_977, count: 1600)
        #expect(try decompress(.gzip, dynamic).count == 1600)
        // A second member's distances do not reach into the first.
        #expect(try decompress(.gzip, dynamic + dynamic).suffix(1600).elementsEqual(try decompress(.gzip, dynamic)))
    }

    @Test func emptyContent_isDecompressed() throws {
        #expect(try decompress(.deflate, [120, 156, 3, 0, 0, 0, 0, 1]) == [])
        #expect(try decompress(.gzip, Self.member([3, 0], checksum: 0, count: 0)) == [])
    }

    @Test func optionalFields_areSkipped() throws {
        let deflated = Array(Self.gzip[10..<19])
        let checksum = Self.gzip[19..<23].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let extra: [UInt8] = [3, 0, 1, 2, 3]
        let (name, comment): ([UInt8], [UInt8]) = (Array("file".utf8) + [0], [0])
        #expect(try decompress(.gzip, Self.member(deflated, checksum: checksum, count: 7, flags: 1)) == Self.text)
        let fields = extra + name + comment
        #expect(try decompress(.gzip, Self.member(deflated, checksum: checksum, count: 7, flags: 4 | 8 | 16, fields: fields)) == Self.text)
        let header = [31, 139, 8, 2 | 8, 0, 0, 0, 0, 0, 255] + name
        let sum = UInt16(truncatingIfNeeded: header.withUnsafeBytes { CRC32.checksum(of: $0) })
        let checked = name + [UInt8(truncatingIfNeeded: sum), UInt8(sum >> 8)]
        #expect(try decompress(.gzip, Self.member(deflated, checksum: checksum, count: 7, flags: 2 | 8, fields: checked)) == Self.text)
        let wrong = name + [UInt8(truncatingIfNeeded: sum) ^ 1, UInt8(sum >> 8)]
        #expect(error(.gzip, Self.member(deflated, checksum: checksum, count: 7, flags: 2 | 8, fields: wrong)) == .checksum)
        // A name without an end, and an extra field longer than everything.
        #expect(error(.gzip, [31, 139, 8, 8, 0, 0, 0, 0, 0, 255] + [UInt8](repeating: 1, count: 20)) == .truncated)
        #expect(error(.gzip, [31, 139, 8, 4, 0, 0, 0, 0, 0, 255, 255, 255] + [UInt8](repeating: 1, count: 20)) == .truncated)
    }

    @Test func everyCut_isRefused() {
        for length in 0..<Self.zlib.count { #expect(error(.deflate, Array(Self.zlib[..<length])) != nil, "\(length)") }
        for length in 0..<Self.gzip.count { #expect(error(.gzip, Array(Self.gzip[..<length])) != nil, "\(length)") }
        for length in 1..<Self.gzip.count { #expect(error(.gzip, Self.gzip + Self.gzip[..<length]) != nil, "\(length)") }
    }

    @Test func everyChangedByteOfHeaderAndTrailer_isRefused() {
        // The header's time, level and system do not matter here.
        for index in [0, 1, 2] + Array(19..<27) {
            var bytes = Self.gzip
            bytes[index] ^= 0x40
            #expect(error(.gzip, bytes) != nil, "\(index)")
        }
        for index in [0, 1, 11, 12, 13, 14] {
            var bytes = Self.zlib
            bytes[index] ^= 0x40
            #expect(error(.deflate, bytes) != nil, "\(index)")
        }
    }

    @Test(
        arguments: [
            (.gzip, zlib, .invalidHeader("gzip")), (.deflate, gzip, .invalidHeader("zlib (HTTP's deflate)")),
            (.deflate, zlib + [0], .trailingBytes), (.gzip, gzip + [UInt8](repeating: 0, count: 18), .invalidHeader("gzip")),
            (.gzip, [31, 139, 8, 0x20, 0, 0, 0, 0, 0, 255, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0], .invalidHeader("gzip")),
            // An unknown dictionary.
            (.deflate, [120, 187, 0, 0, 0, 1, 3, 0, 0, 0, 0, 1], .invalidHeader("zlib (HTTP's deflate)")),
        ] as [(ContentCoding, [UInt8], ContentCodingError.Kind)])
    func otherFormats_areRefused(_ coding: ContentCoding, _ bytes: [UInt8], _ kind: ContentCodingError.Kind) {
        #expect(error(coding, bytes) == kind)
    }

    @Test func moreThanTheLimit_isRefusedAndNeverReserved() throws {
        let bomb = Bomb.deflated(count: 10_000_001)
        let checksum = [UInt8](repeating: 0, count: 10_000_001).withUnsafeBytes { CRC32.checksum(of: $0) }
        let gzip = Self.member(bomb, checksum: checksum, count: 10_000_001)
        #expect(try decompress(.gzip, gzip, limit: 10_000_001).count == 10_000_001)
        #expect(error(.gzip, gzip, limit: 10_000_000) == .tooLarge(limit: 10_000_000))
        #expect(error(.gzip, gzip, limit: 0) == .tooLarge(limit: 0))
        #expect(error(.deflate, [120, 156] + bomb + [0, 0, 0, 0], limit: 1000) == .tooLarge(limit: 1000))
        // The limit holds for all members together.
        #expect(error(.gzip, Self.gzip + Self.gzip, limit: 13) == .tooLarge(limit: 13))
        #expect(try decompress(.gzip, Self.gzip + Self.gzip, limit: 14).count == 14)
    }

    @Test func storedBlocks_areBoundToo() throws {
        let stored: [UInt8] = [1, 4, 0, 0xFB, 0xFF, 1, 2, 3, 4]
        let checksum = [1, 2, 3, 4].map { UInt8($0) }.withUnsafeBytes { CRC32.checksum(of: $0) }
        let member = Self.member(stored, checksum: checksum, count: 4)
        #expect(try decompress(.gzip, member, limit: 4) == [1, 2, 3, 4])
        #expect(error(.gzip, member, limit: 3) == .tooLarge(limit: 3))
    }

    @Test func membersWithoutEnd_areRefused() {
        let empty = Self.member([3, 0], checksum: 0, count: 0)
        let many = [UInt8]((0...ContentCoding.maximumMembers).map { _ in empty }.joined())
        #expect(error(.gzip, many) == .tooManyMembers(limit: ContentCoding.maximumMembers))
    }

    @Test func distancesReachNoFurtherThanTheirMember() {
        // Fixed codes: length 3, distance 1, with nothing before it in its own member.
        let second = Self.member([0x03, 0x02, 0x00], checksum: 0, count: 3)
        guard case .inflate(let error)? = error(.gzip, Self.gzip + second) else {
            Issue.record("it was taken")
            return
        }
        #expect(error.kind == .distanceTooFar)
    }

    @Test func anyBytes_areReadOrRefused() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<(runsFullTests ? 200_000 : 5000) {
            var bytes = Bool.random(using: &generator) ? Self.gzip + Self.gzip : Self.zlib
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            for coding in [ContentCoding.gzip, .deflate] {
                if let content = try? decompress(coding, bytes, limit: 100) { #expect(content.count <= 100) }
            }
        }
    }
}
