import Glibc

/// Decompresses deflated data (RFC 1951) of a known size or within a limit, or in pieces through a window.
///
/// Strict: incomplete or overfull codes, distances before the start, and output of the wrong size are errors.
struct Inflate {
    /// Why decompressing pauses.
    enum Pause {
        /// The data has ended.
        case end
        /// More input is needed.
        case input
        /// The window is full.
        case room
    }

    /// The current block.
    private enum Block {
        /// The next block has not begun.
        case none
        /// This many stored bytes are left.
        case stored(Int)
        case fixed, dynamic
        /// The last block has ended.
        case over
    }

    private var input: UnsafeRawBufferPointer
    /// The output; allocated by `malloc` if it may grow.
    private var output: UnsafeMutableRawBufferPointer
    /// The most output bytes: more than the current capacity if it may grow.
    private let limit: Int
    /// Whether the output must have exactly the limit's size.
    private let isExact: Bool
    /// Where this stream's output begins.
    private var start: Int
    /// Whether input and output come in pieces. Decompression then pauses if there is less input than the longest symbol or header, or less
    /// room than the longest match, unless the input has ended.
    private let isInPieces: Bool
    private var isInputWhole = true
    private var block = Block.none
    private var isLastBlock = false
    private var position = 0
    private var written: Int
    /// Bits read from the input and not yet used, the next one lowest.
    private var bits: UInt64 = 0
    private var bitCount = 0

    private var literals = PrefixCode()
    private var distances = PrefixCode()
    /// Code lengths while a block's codes are read. Kept for reuse: blocks may be many and short.
    private var lengths = [UInt8](repeating: 0, count: 286 + 30)

    /// Decompresses `input`.
    ///
    /// - Parameter count: The exact number of output bytes.
    /// - Throws: `InflateError`. Nothing is reserved for a `count` that the input is too short to produce.
    /// - Complexity: Linear in input and output.
    static func decompress(_ input: UnsafeRawBufferPointer, count: Int) throws(InflateError) -> [UInt8] {
        // A pair of one-bit codes for length and distance produces at most 258 bytes.
        let (most, overflow) = input.count.multipliedReportingOverflow(by: 258 * 4)
        guard overflow || count <= most else { throw InflateError(.tooLittleOutput(most, expected: count), at: 0) }
        var failure: InflateError?
        // Room for at least one: writing no elements would write the length of the empty array that all threads share.
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

    /// Decompresses the data at the start of `input` and appends the output, whose size is limited.
    ///
    /// - Parameter limit: The most bytes that `output` may have afterwards. No more are ever reserved, and at most twice the actual size.
    /// - Returns: The number of input bytes used.
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
        isInPieces = false
        start = 0
        written = 0
    }

    private init(input: UnsafeRawBufferPointer, growing output: (memory: UnsafeMutableRawBufferPointer, count: Int), limit: Int) {
        self.input = input
        self.output = output.memory
        self.limit = limit
        isExact = false
        isInPieces = false
        start = output.count
        written = output.count
    }

    /// Decompresses in pieces, into a window owned by the caller.
    ///
    /// - Parameter window: longer than `history` and `longestMatch`.
    init(window: UnsafeMutableRawBufferPointer) {
        precondition(window.count > Self.history + Self.longestMatch)
        input = UnsafeRawBufferPointer(start: nil, count: 0)
        output = window
        limit = window.count
        isExact = false
        isInPieces = true
        start = 0
        written = 0
    }

    /// The largest distance.
    static let history = 1 << 15

    /// Bytes written to the window.
    var writtenCount: Int { written }

    /// Begins another stream, whose distances do not reach into the previous one.
    mutating func beginStream() {
        start = written
        (block, isLastBlock) = (.none, false)
        (bits, bitCount) = (0, 0)
    }

    /// Discards the oldest output, except for what distances may reach, and moves the rest to the window's start.
    mutating func slide() {
        let kept = min(written, Self.history)
        let shift = written - kept
        guard shift > 0 else { return }
        output.baseAddress!.copyMemory(from: output.baseAddress! + shift, byteCount: kept)
        written = kept
        start = max(0, start - shift)
    }

    /// Continues with more input.
    ///
    /// - Parameters:
    ///   - piece: begins with the unused part of the previous one; valid only during the call.
    ///   - isLast: whether the input ends with this piece.
    /// - Returns: why it pauses, and how many bytes of the piece are used.
    /// - Throws: `InflateError`, with an offset in the piece.
    mutating func advance(_ piece: UnsafeRawBufferPointer, isLast: Bool) throws(InflateError) -> (Pause, used: Int) {
        (input, position, isInputWhole) = (piece, 0, isLast)
        let pause = try advance()
        // Whole bytes that were read ahead come again in the next piece.
        position -= bitCount / 8
        bitCount %= 8
        bits &= 1 << UInt64(bitCount) - 1
        input = UnsafeRawBufferPointer(start: nil, count: 0)
        return (pause, position)
    }

    private mutating func run() throws(InflateError) { while try advance() != .end {} }

    /// Continues until something is missing or the data ends.
    private mutating func advance() throws(InflateError) -> Pause {
        while true {
            switch block {
            case .none:
                guard !isLastBlock else {
                    block = .over
                    continue
                }
                guard hasInput(Self.longestHeader) else { return .input }
                try beginBlock()
            case .stored(let count):
                if let pause = try copyStored(count) { return pause }
            case .fixed:
                if let pause = try decodeBlock(Self.fixedLiterals, Self.fixedDistances) { return pause }
                block = .none
            case .dynamic:
                if let pause = try decodeBlock(literals, distances) { return pause }
                block = .none
            case .over: return .end
            }
        }
    }

    private mutating func beginBlock() throws(InflateError) {
        isLastBlock = try take(1) == 1
        switch try take(2) {
        case 0: block = .stored(try readStoredLength())
        case 1: block = .fixed
        case 2:
            try readCodes()
            block = .dynamic
        default: throw failure(.reservedBlockType)
        }
    }

    /// The most bytes of a block's header: three bits and the lengths of all codes, each a code of seven bits with seven extra bits.
    private static let longestHeader = 640
    /// The most bytes of a symbol with its distance, including those read ahead.
    private static let longestSymbol = 16
    /// The longest match.
    private static let longestMatch = 258

    /// Whether this many bytes are available, or the input has ended.
    @inline(__always)
    private func hasInput(_ count: Int) -> Bool { !isInPieces || isInputWhole || input.count &- position >= count }

    /// Checks that nothing is missing or left over.
    private func finish() throws(InflateError) {
        guard written == limit else { throw failure(.tooLittleOutput(written, expected: limit)) }
        guard unusedCount == 0 else { throw failure(.trailingBytes(unusedCount)) }
    }

    /// Bytes of the input after the deflated data. Whole bytes that were read ahead count as unused.
    private var unusedCount: Int { input.count - position + bitCount / 8 }

    /// Makes room for more output bytes.
    @inline(never)
    private mutating func makeRoom(_ count: Int) throws(InflateError) {
        guard count <= limit - written else { throw failure(isExact ? .tooMuchOutput(expected: limit) : .pastLimit(limit)) }
        let size = min(limit, max(written + count, 2 * output.count, 4096))
        guard let memory = realloc(output.baseAddress, size) else { throw failure(.noMemory) }
        output = UnsafeMutableRawBufferPointer(start: memory, count: size)
    }

    // MARK: Blocks

    /// Section 3.2.4.
    private mutating func readStoredLength() throws(InflateError) -> Int {
        drop(bitCount % 8)
        let length = try take(16)
        let complement = try take(16)
        guard length == ~complement & 0xFFFF else { throw failure(.storedLength) }
        // Bytes that were read ahead belong to the block.
        position -= bitCount / 8
        (bits, bitCount) = (0, 0)
        return length
    }

    /// Copies the rest of a stored block.
    private mutating func copyStored(_ count: Int) throws(InflateError) -> Pause? {
        var length = count
        if isInPieces {
            length = min(count, input.count - position, output.count - written)
        } else if length > output.count - written, length <= input.count - position {
            try makeRoom(length)
        }
        guard length <= input.count - position else { throw failure(.truncated) }
        UnsafeMutableRawBufferPointer(rebasing: output[written..<written + length])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: input[position..<position + length]))
        position += length
        written += length
        block = length == count ? .none : .stored(count - length)
        if length == count { return nil }
        if written == output.count { return .room }
        guard !isInputWhole else { throw failure(.truncated) }
        return .input
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

    /// Thirty-two codes of five bits; the last two are invalid, which decoding detects.
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
        // Without an end code, the block could not end.
        guard lengths[256] > 0, literals.assign(lengths[..<literalCount], mayBeIncomplete: true),
            distances.assign(lengths[literalCount..<count], mayBeIncomplete: true)
        else {
            throw failure(.invalidCode)
        }
    }

    /// Section 3.2.5.
    ///
    /// - Returns: nil at the end of the block.
    private mutating func decodeBlock(_ literals: PrefixCode, _ distances: PrefixCode) throws(InflateError) -> Pause? {
        while true {
            if isInPieces {
                guard output.count &- written >= Self.longestMatch else { return .room }
                guard hasInput(Self.longestSymbol) else { return .input }
            }
            let symbol = try decode(literals)
            if symbol < 256 {
                if written == output.count { try makeRoom(1) }
                output[written] = UInt8(truncatingIfNeeded: symbol)
                written &+= 1
                continue
            }
            if symbol == 256 { return nil }
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

    /// The order of the lengths of the code length code.
    private static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
    ]
    private static let lengthExtraBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]

    private mutating func copyMatch(length: Int, distance: Int) throws(InflateError) {
        guard distance <= written - start else { throw failure(.distanceTooFar) }
        if length > output.count - written { try makeRoom(length) }
        // Byte by byte: a match may overlap its own output.
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

    /// Fills the reservoir to at least 56 bits, or with all remaining input.
    @inline(__always)
    private mutating func refill() {
        if input.count &- position >= 8 {
            // Bits above `bitCount` are then the start of the next byte, and are or-ed with themselves later.
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
