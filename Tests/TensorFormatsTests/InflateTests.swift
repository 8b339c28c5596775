import Testing

@testable import TensorFormats

@Suite struct InflateTests {
    private func inflate(_ bytes: [UInt8], count: Int) throws(InflateError) -> [UInt8] {
        try bytes.withUnsafeBufferPointer { (buffer) throws(InflateError) in
            try Inflate.decompress(UnsafeRawBufferPointer(buffer), count: count)
        }
    }

    private func error(_ bytes: [UInt8], count: Int) -> InflateError.Kind? {
        do {
            _ = try inflate(bytes, count: count)
            return nil
        } catch { return error.kind }
    }

    @Test func blocksOfEveryKind_areInflated() throws {
        #expect(try inflate(Fixtures.storedBlock, count: 12) == Array("stored bytes".utf8))
        #expect(try inflate(Fixtures.fixedBlock, count: 32) == Array("hello hello hello hello, deflate".utf8))
        let dynamic = try inflate(Fixtures.dynamicBlock, count: 1600)
        #expect(dynamic.withUnsafeBytes { CRC32.checksum(of: $0) } == 2_500_040_977)
        #expect(dynamic.suffix(400).allSatisfy { $0 == 0 })
    }

    @Test func storedBlocksInARow_areJoined() throws {
        #expect(try inflate([0, 2, 0, 0xFD, 0xFF, 1, 2, 1, 1, 0, 0xFE, 0xFF, 3], count: 3) == [1, 2, 3])
        #expect(try inflate([1, 0, 0, 0xFF, 0xFF], count: 0) == [])
        // An empty fixed block, then a stored one.
        #expect(try inflate([0x02, 0x04, 1, 0, 0xFE, 0xFF, 9], count: 1) == [9])
    }

    @Test func everyCutInput_isTruncated() {
        for input in [Fixtures.storedBlock, Fixtures.fixedBlock, Fixtures.dynamicBlock] {
            let count = input == Fixtures.storedBlock ? 12 : input == Fixtures.fixedBlock ? 32 : 1600
            for length in 0..<input.count {
                let kind = error(Array(input[..<length]), count: count)
                // Such short input is also refused because it cannot produce that much.
                if case .tooLittleOutput = kind { continue }
                #expect(kind == .truncated, "\(length)")
            }
        }
    }

    @Test(
        arguments: [
            ([0x07], 0, .reservedBlockType), ([0x01, 1, 0, 0, 0, 9], 1, .storedLength),
            ([0x01, 0, 0, 0xFF, 0xFF, 0], 0, .trailingBytes(1)),
            // Fixed: length 3, distance 1 with nothing before it; a distance code of 30; a length code of 286.
            ([0x03, 0x02, 0x00], 3, .distanceTooFar), ([0x4B, 0x04, 0x3E, 0x00, 0x00], 4, .invalidSymbol),
            ([0x1B, 0x03], 4, .invalidSymbol),
            // Dynamic: 288 literal codes; no code for code lengths at all; a repetition before the first length.
            ([0xFD, 0x00, 0x00], 1, .invalidCode), ([0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00], 1, .invalidCode),
            ([0x05, 0x00, 0x82, 0x00, 0x00, 0x00], 1, .invalidCode),
        ] as [([UInt8], Int, InflateError.Kind)])
    func malformedData_isRefused(_ bytes: [UInt8], _ count: Int, _ expected: InflateError.Kind) {
        #expect(error(bytes, count: count) == expected)
    }

    @Test func announcedSize_isExact() {
        #expect(error(Fixtures.fixedBlock, count: 31) == .tooMuchOutput(expected: 31))
        #expect(error(Fixtures.fixedBlock, count: 33) == .tooLittleOutput(32, expected: 33))
        #expect(error(Fixtures.storedBlock, count: 11) == .tooMuchOutput(expected: 11))
        #expect(error(Fixtures.dynamicBlock, count: 1599) == .tooMuchOutput(expected: 1599))
        // Far more than such little input can produce is not even reserved.
        #expect(error(Fixtures.fixedBlock, count: 1 << 50) == .tooLittleOutput(19 * 1032, expected: 1 << 50))
    }

    @Test func prefixCodes_mustBeComplete() {
        func isCode(_ lengths: [UInt8], mayBeIncomplete: Bool = true) -> Bool {
            var code = PrefixCode()
            return code.assign(lengths[...], mayBeIncomplete: mayBeIncomplete)
        }
        #expect(isCode([1, 1]))
        #expect(isCode([1]))
        #expect(isCode([0, 0]))
        #expect(!isCode([1], mayBeIncomplete: false))
        #expect(!isCode([0, 0], mayBeIncomplete: false))
        #expect(isCode([2, 2, 2, 2]))
        #expect(!isCode([1, 1, 1]))
        #expect(!isCode([2]))
        #expect(!isCode([2, 2, 2]))
        // Lengths 1, 2 … 14, 15, 15: codes beyond the lookup are found too, their first bit lowest.
        let lengths = (1...15).map { UInt8($0) } + [15]
        var code = PrefixCode()
        let isComplete = code.assign(lengths[...], mayBeIncomplete: false)
        #expect(isComplete)
        for (symbol, length) in lengths.enumerated() {
            let ones: UInt64 = symbol == 15 ? 0x7FFF : (1 << UInt64(length - 1)) - 1
            #expect(code.decode(ones)?.symbol == symbol)
            #expect(code.decode(ones)?.length == Int(length))
        }
    }

    @Test func mutatedData_neverTraps() {
        var generator = SeededGenerator(seed: 8)
        let seeds = [(Fixtures.storedBlock, 12), (Fixtures.fixedBlock, 32), (Fixtures.dynamicBlock, 1600)]
        var refused = 0
        for _ in 0..<(runsFullTests ? 200_000 : 20_000) {
            var (bytes, count) = seeds.randomElement(using: &generator)!
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let position = Int.random(in: 0..<min(bytes.count, 80), using: &generator)
                switch generator.next() % 4 {
                case 0: bytes[position] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes[position] ^= 1 << UInt8.random(in: 0...7, using: &generator)
                case 2: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: position)
                default: count = max(0, count + Int.random(in: -3...3, using: &generator))
                }
            }
            if let output = try? inflate(bytes, count: count) { #expect(output.count == count) } else { refused += 1 }
        }
        #expect(refused > 10_000)
    }
}
