import Glibc

/// Decompresses deflated data (RFC 1951), of a size known beforehand or within a limit.
///
/// Strict: incomplete or overfull codes, distances past the start, and output of another size are errors.
struct Inflate {
    private let input: UnsafeRawBufferPointer
    /// Where the output goes; from `malloc` where it may grow.
    private var output: UnsafeMutableRawBufferPointer
    /// How many bytes the output may have: more than it has room for, where it may grow.
    private let limit: Int
    /// Whether the output's size is the limit, neither more nor less.
    private let isExact: Bool
    /// Where the output of this stream begins.
    private let start: Int
    private var position = 0
    private var written: Int
    /// Bits read from the input but not yet used, the next one lowest.
    private var bits: UInt64 = 0
    private var bitCount = 0

    private var literals = PrefixCode()
    private var distances = PrefixCode()
    /// Code lengths while a block's codes are read. Kept to be used again: blocks may be many and short.
    private var lengths = [UInt8](repeating: 0, count: 286 + 30)

    /// The data that `input` stands for.
    ///
    /// - Parameter count: How many bytes must come out.
    /// - Throws: `InflateError`. Nothing is reserved for a `count` that so little input cannot give.
    /// - Complexity: Linear in input and output.
    static func decompress(_ input: UnsafeRawBufferPointer, count: Int) throws(InflateError) -> [UInt8] {
        // A pair of one bit each for length and distance stands for at most 258 bytes.
        let (most, overflow) = input.count.multipliedReportingOverflow(by: 258 * 4)
        guard overflow || count <= most else { throw InflateError(.tooLittleOutput(most, expected: count), at: 0) }
        var failure: InflateError?
        // Room for one at least: writing no elements would write the length of the empty array that all threads share.
        let bytes = [UInt8](unsafeUninitializedCapacity: max(count, 1)) { buffer, initializedCount in
            let output = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count])
            var inflate = Inflate(input: input, output: output)
            do throws(InflateError) {
                try inflate.run()
                try inflate.finish()
                initializedCount = count
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Appends what the deflated data at the start of `input` stands for, of whatever size within a limit.
    ///
    /// - Parameter limit: How many bytes `output` may have afterwards. No more are ever reserved, and at most twice those that are there.
    /// - Returns: How many bytes of `input` the data takes.
    /// - Throws: `InflateError`; `.tooMuchOutput` past the limit.
    /// - Complexity: Linear in input and output.
    static func decompress(
        _ input: UnsafeRawBufferPointer, appendingTo output: inout InflatedBytes, limit: Int
    ) throws(InflateError) -> Int {
        var inflate = Inflate(input: input, growing: output.take(), limit: limit)
        defer { output.adopt(inflate.output, count: inflate.written) }
        try inflate.run()
        return input.count - inflate.unusedCount
    }

    private init(input: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer) {
        self.input = input
        self.output = output
        limit = output.count
        isExact = true
        start = 0
        written = 0
    }

    private init(input: UnsafeRawBufferPointer, growing output: (memory: UnsafeMutableRawBufferPointer, count: Int), limit: Int) {
        self.input = input
        self.output = output.memory
        self.limit = limit
        isExact = false
        start = output.count
        written = output.count
    }

    private mutating func run() throws(InflateError) {
        var isLast = false
        while !isLast {
            isLast = try take(1) == 1
            switch try take(2) {
            case 0: try copyStored()
            case 1:
                try decodeBlock(Self.fixedLiterals, Self.fixedDistances)
            case 2:
                try readCodes()
                try decodeBlock(literals, distances)
            default: throw failure(.reservedBlockType)
            }
        }
    }

    /// Checks that nothing is missing, and nothing left.
    private func finish() throws(InflateError) {
        guard written == limit else { throw failure(.tooLittleOutput(written, expected: limit)) }
        guard unusedCount == 0 else { throw failure(.trailingBytes(unusedCount)) }
    }

    /// Bytes of the input behind the deflated data. Whole bytes that were read ahead were not used.
    private var unusedCount: Int { input.count - position + bitCount / 8 }

    /// Makes room for bytes behind those that are there.
    @inline(never)
    private mutating func makeRoom(_ count: Int) throws(InflateError) {
        guard count <= limit - written else { throw failure(isExact ? .tooMuchOutput(expected: limit) : .pastLimit(limit)) }
        let size = min(limit, max(written + count, 2 * output.count, 4096))
        guard let memory = realloc(output.baseAddress, size) else { throw failure(.noMemory) }
        output = UnsafeMutableRawBufferPointer(start: memory, count: size)
    }

    // MARK: Blocks

    /// Section 3.2.4.
    private mutating func copyStored() throws(InflateError) {
        drop(bitCount % 8)
        let length = try take(16)
        let complement = try take(16)
        guard length == ~complement & 0xFFFF else { throw failure(.storedLength) }
        // Bytes that were read ahead belong to the block.
        position -= bitCount / 8
        (bits, bitCount) = (0, 0)
        guard length <= input.count - position else { throw failure(.truncated) }
        if length > output.count - written { try makeRoom(length) }
        UnsafeMutableRawBufferPointer(rebasing: output[written..<written + length])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: input[position..<position + length]))
        position += length
        written += length
    }

    /// Section 3.2.6.
    private static let fixedLiterals: PrefixCode = {
        var lengths = [UInt8](repeating: 8, count: 288)
        for symbol in 144..<256 { lengths[symbol] = 9 }
        for symbol in 256..<280 { lengths[symbol] = 7 }
        var code = PrefixCode()
        _ = code.assign(lengths[...], mayBeIncomplete: false)
        return code
    }()

    /// Thirty-two codes of five bits; the last two stand for nothing, which decoding finds out.
    private static let fixedDistances: PrefixCode = {
        var code = PrefixCode()
        _ = code.assign([UInt8](repeating: 5, count: 32)[...], mayBeIncomplete: false)
        return code
    }()

    /// Section 3.2.7.
    private mutating func readCodes() throws(InflateError) {
        let literalCount = try take(5) + 257
        let distanceCount = try take(5) + 1
        let lengthCount = try take(4) + 4
        guard literalCount <= 286, distanceCount <= 30 else { throw failure(.invalidCode) }
        for index in 0..<19 { lengths[index] = 0 }
        for index in 0..<lengthCount { lengths[Self.lengthOrder[index]] = UInt8(try take(3)) }
        guard literals.assign(lengths[..<19], mayBeIncomplete: false) else { throw failure(.invalidCode) }

        let count = literalCount + distanceCount
        var index = 0
        while index < count {
            let symbol = try decode(literals)
            var value: UInt8 = 0
            let repetitions: Int
            switch symbol {
            case 0...15:
                lengths[index] = UInt8(symbol)
                index += 1
                continue
            case 16:
                guard index > 0 else { throw failure(.invalidCode) }
                value = lengths[index - 1]
                repetitions = try take(2) + 3
            case 17: repetitions = try take(3) + 3
            default: repetitions = try take(7) + 11
            }
            guard repetitions <= count - index else { throw failure(.invalidCode) }
            for offset in 0..<repetitions { lengths[index + offset] = value }
            index += repetitions
        }
        // Without a code for the end, the block could not end.
        guard lengths[256] > 0, literals.assign(lengths[..<literalCount], mayBeIncomplete: true),
            distances.assign(lengths[literalCount..<count], mayBeIncomplete: true)
        else {
            throw failure(.invalidCode)
        }
    }

    /// Section 3.2.5.
    private mutating func decodeBlock(_ literals: PrefixCode, _ distances: PrefixCode) throws(InflateError) {
        while true {
            let symbol = try decode(literals)
            if symbol < 256 {
                if written == output.count { try makeRoom(1) }
                output[written] = UInt8(truncatingIfNeeded: symbol)
                written &+= 1
                continue
            }
            if symbol == 256 { return }
            guard symbol <= 285 else { throw failure(.invalidSymbol) }
            let length = Self.lengthBases[symbol &- 257] &+ (try take(Self.lengthExtraBits[symbol &- 257]))
            let code = try decode(distances)
            guard code < 30 else { throw failure(.invalidSymbol) }
            let extra = max(0, code / 2 - 1)
            // Codes 0 to 3 are distances 1 to 4; from there on each pair of codes doubles the span.
            let base = code < 4 ? code + 1 : (2 + code & 1) << extra + 1
            try copyMatch(length: length, distance: base + (try take(extra)))
        }
    }

    /// The order in which the lengths of the code for code lengths come.
    private static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
    ]
    private static let lengthExtraBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]

    private mutating func copyMatch(length: Int, distance: Int) throws(InflateError) {
        guard distance <= written - start else { throw failure(.distanceTooFar) }
        if length > output.count - written { try makeRoom(length) }
        // Byte by byte: a match may run into its own output.
        for _ in 0..<length {
            output[written] = output[written &- distance]
            written &+= 1
        }
    }

    // MARK: Bits

    @inline(__always)
    private mutating func decode(_ codes: PrefixCode) throws(InflateError) -> Int {
        refill()
        guard let code = codes.decode(bits) else { throw failure(bitCount < 15 ? .truncated : .invalidSymbol) }
        try use(code.length)
        return code.symbol
    }

    /// Fills the reservoir to at least 56 bits, or with all that is left.
    @inline(__always)
    private mutating func refill() {
        if input.count &- position >= 8 {
            // What stands above `bitCount` afterwards is the beginning of the next byte, and is or-ed onto itself later.
            bits |= UInt64(littleEndian: input.loadUnaligned(fromByteOffset: position, as: UInt64.self)) &<< UInt64(bitCount)
            let count = (63 &- bitCount) &>> 3
            position &+= count
            bitCount &+= count &<< 3
            return
        }
        while bitCount <= 56, position < input.count {
            bits |= UInt64(input[position]) &<< UInt64(bitCount)
            position &+= 1
            bitCount &+= 8
        }
    }

    /// Takes the next `count` bits, at most 16, the first one lowest.
    @inline(__always)
    private mutating func take(_ count: Int) throws(InflateError) -> Int {
        if bitCount < count { refill() }
        let value = Int(bits & (1 &<< UInt64(count) &- 1))
        try use(count)
        return value
    }

    @inline(__always)
    private mutating func use(_ count: Int) throws(InflateError) {
        guard count <= bitCount else { throw failure(.truncated) }
        drop(count)
    }

    @inline(__always)
    private mutating func drop(_ count: Int) {
        bits &>>= UInt64(count)
        bitCount &-= count
    }

    private func failure(_ kind: InflateError.Kind) -> InflateError {
        InflateError(kind, at: position - bitCount / 8)
    }
}
