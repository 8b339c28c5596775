/// A canonical prefix code of deflate (RFC 1951, section 3.2.2), ready to decode.
///
/// Codes of up to nine bits take one table lookup. Longer ones, which are rare, are found by their rank among the codes of their length.
/// The table is no larger than its code needs: a hostile stream can define a new code every few bytes.
struct PrefixCode {
    private static let lookupBits = 9
    private static let maximumLength = 15

    /// Indexed by the next bits under `mask`: symbol · 16 + length of its code, or 0 if the code is longer or unused.
    private var lookup = [UInt16](repeating: 0, count: 1 << lookupBits)
    /// As many ones as the longest code has bits, at most nine.
    private var mask: UInt64 = 0
    /// The number of codes of each length.
    private var counts = [UInt16](repeating: 0, count: maximumLength + 1)
    /// The symbols in order of their codes.
    private var symbols = [UInt16](repeating: 0, count: 288)
    /// Used while a code is built: for each length, the rank of the next symbol, and its code. Kept for reuse.
    private var ranks = [UInt16](repeating: 0, count: maximumLength + 2)
    private var codes = [UInt16](repeating: 0, count: maximumLength + 2)

    /// Builds the code for the given lengths, 0 for an unused symbol.
    ///
    /// - Parameter mayBeIncomplete: Whether to accept a single one-bit code, as in blocks with one distance, and no code at all, as in
    ///   blocks without distances. Otherwise every bit sequence must have a symbol.
    /// - Returns: False if the lengths do not form such a code.
    mutating func assign(_ lengths: ArraySlice<UInt8>, mayBeIncomplete: Bool) -> Bool {
        for index in counts.indices { counts[index] = 0 }
        for length in lengths { counts[Int(length)] += 1 }
        counts[0] = 0
        var free = 1
        var used = 0
        var longest = 1
        for length in 1...Self.maximumLength {
            free = free << 1 - Int(counts[length])
            if free < 0 { return false }
            used += Int(counts[length])
            if counts[length] > 0 { longest = length }
        }
        if free > 0, !mayBeIncomplete || used > 1 || used == 1 && counts[1] == 0 { return false }

        let size = 1 << min(longest, Self.lookupBits)
        mask = UInt64(size - 1)
        for index in 0..<size { lookup[index] = 0 }
        (ranks[1], codes[1]) = (0, 0)
        for length in 1...Self.maximumLength {
            ranks[length + 1] = ranks[length] + counts[length]
            codes[length + 1] = (codes[length] &+ counts[length]) &<< 1
        }
        for (symbol, length) in lengths.enumerated() where length > 0 {
            symbols[Int(ranks[Int(length)])] = UInt16(symbol)
            ranks[Int(length)] += 1
            let code = codes[Int(length)]
            codes[Int(length)] &+= 1
            guard length <= Self.lookupBits else { continue }
            // The stream has a code's first bit lowest; the bits after it fill the rest of the index.
            var index = Int(Self.reversed(code, Int(length)))
            while index < size {
                lookup[index] = UInt16(symbol) << 4 | UInt16(length)
                index += 1 << Int(length)
            }
        }
        return true
    }

    /// The symbol whose code is at the low end of `bits`, and the code's length; nil if there is none.
    @inline(__always)
    func decode(_ bits: UInt64) -> (symbol: Int, length: Int)? {
        let entry = lookup[Int(bits & mask)]
        if entry != 0 { return (Int(entry &>> 4), Int(entry & 15)) }
        return decodeLong(bits)
    }

    private func decodeLong(_ bits: UInt64) -> (symbol: Int, length: Int)? {
        var code = 0
        var first = 0
        var rank = 0
        for length in 1...Self.maximumLength {
            code |= Int(bits >> UInt64(length - 1) & 1)
            let count = Int(counts[length])
            if code - first < count { return (Int(symbols[rank + code - first]), length) }
            rank += count
            first = (first + count) << 1
            code <<= 1
        }
        return nil
    }

    private static func reversed(_ code: UInt16, _ length: Int) -> UInt16 {
        var result: UInt16 = 0
        for bit in 0..<length where code >> UInt16(bit) & 1 == 1 { result |= 1 << UInt16(length - 1 - bit) }
        return result
    }
}
