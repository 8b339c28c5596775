import Testing

@testable import TensorFormats

/// Gzip in pieces: the same output as at once, in a window of constant size.
@Suite struct GzipReaderTests {
    /// The output for `bytes`, which arrive `piece` at a time and are read `size` at a time.
    private func decompress(_ bytes: [UInt8], piece: Int = 1 << 16, size: Int = 1 << 16) throws -> [UInt8] {
        let reader = GzipReader()
        var rest = bytes[...]
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: size)
        while true {
            let count = try buffer.withUnsafeMutableBytes { output in
                try reader.read(into: output) { input in
                    let count = min(piece, input.count, rest.count)
                    input.copyBytes(from: rest.prefix(count))
                    rest.removeFirst(count)
                    return count
                }
            }
            if count == 0 { return result }
            result += buffer[..<count]
        }
    }

    private func error(_ bytes: [UInt8], piece: Int = 1 << 16) -> ContentCodingError.Kind? {
        do {
            _ = try decompress(bytes, piece: piece)
            return nil
        } catch { return (error as? ContentCodingError)?.kind }
    }

    private static func little(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    private static func member(_ deflated: [UInt8], _ content: [UInt8], flags: UInt8 = 0, fields: [UInt8] = []) -> [UInt8] {
        [31, 139, 8, flags, 0, 0, 0, 0, 0, 255] + fields + deflated + little(content.withUnsafeBytes { CRC32.checksum(of: $0) })
            + little(UInt32(truncatingIfNeeded: content.count))
    }

    /// Content in stored blocks.
    private static func stored(_ content: [UInt8]) -> [UInt8] {
        var deflated: [UInt8] = []
        for start in stride(from: 0, to: max(content.count, 1), by: 65_535) {
            let part = content[start..<min(start + 65_535, content.count)]
            let length = UInt16(part.count)
            deflated.append(start + 65_535 >= content.count ? 1 : 0)
            deflated += [UInt8(length & 255), UInt8(length >> 8), UInt8(~length & 255), UInt8(~length >> 8)] + part
        }
        return member(deflated, content)
    }

    private static func inflated(_ deflated: [UInt8]) throws -> [UInt8] {
        var output = InflatedBytes()
        _ = try deflated.withUnsafeBufferPointer { (bytes) throws(InflateError) in
            try Inflate.decompress(UnsafeRawBufferPointer(bytes), appendingTo: &output, limit: 1 << 24)
        }
        return output.withUnsafeBytes { Array($0) }
    }

    /// All fixtures, one member after another.
    private static func everything() throws -> (file: [UInt8], content: [UInt8]) {
        var (file, content): ([UInt8], [UInt8]) = ([], [])
        for deflated in [Fixtures.dynamicBlock, Fixtures.fixedBlock, Fixtures.storedBlock, [3, 0], Fixtures.dynamicBlock] {
            let text = try inflated(deflated)
            file += member(deflated, text, flags: 4 | 8 | 16, fields: [2, 0, 7, 7] + Array("name".utf8) + [0] + Array("why".utf8) + [0])
            content += text
        }
        return (file, content)
    }

    @Test func whatComesOut_isTheSameHoweverTheFileIsCut() throws {
        let (file, content) = try Self.everything()
        for piece in [1, 2, 3, 7, 100, 1 << 16] {
            for size in [1, 5, 1 << 16] { #expect(try decompress(file, piece: piece, size: size) == content, "\(piece), \(size)") }
        }
        #expect(try decompress(file + [UInt8](repeating: 0, count: 700), piece: 3) == content)
    }

    @Test func contentLongerThanAnyWindow_comesThrough() throws {
        var generator = SeededGenerator(seed: 1)
        let noise = (0..<400_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for piece in [1000, 1 << 16] { #expect(try decompress(Self.stored(noise), piece: piece, size: 10_000) == noise) }
        let zeros = [UInt8](repeating: 0, count: 3_000_000)
        let bomb = Self.member(Bomb.deflated(count: zeros.count), zeros)
        for piece in [700, 1 << 16] { #expect(try decompress(bomb, piece: piece) == zeros) }
    }

    @Test func everyCut_isRefused() throws {
        let (file, _) = try Self.everything()
        let member = Self.member(Fixtures.dynamicBlock, try Self.inflated(Fixtures.dynamicBlock))
        for length in 1..<member.count { #expect(error(Array(member[..<length]), piece: 50) != nil, "\(length)") }
        #expect(error(Array(file.dropLast()), piece: 1) == .truncated)
        #expect(error([]) == .truncated)
    }

    @Test func damage_isRefused() throws {
        let content = Array("one, two, three".utf8)
        let member = Self.stored(content)
        #expect(try decompress(member) == content)
        for index in [2, 3, 11, 13, 15, member.count - 8, member.count - 1] {
            var bytes = member
            bytes[index] ^= 0x60
            #expect(error(bytes) != nil, "\(index)")
        }
        #expect(error(member + [1, 2, 3]) == .trailingBytes)
        #expect(error(member + [0, 0, 9]) == .trailingBytes)
        #expect(error([31, 139, 7, 0] + member[4...]) == .unknownMember)
        // A distance into the previous member.
        guard case .inflate(let inflateError) = error(member + Self.member([3, 2, 0], [])) else {
            Issue.record("a distance into the member before is taken")
            return
        }
        #expect(inflateError.kind == .distanceTooFar)
    }
}
