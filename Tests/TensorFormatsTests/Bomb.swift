/// A lot out of little.
enum Bomb {
    /// Deflated zeros, `count` of them, in fixed codes: a literal, then matches of 258 octets in 13 bits each.
    static func deflated(count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var used = 8
        func put(_ bits: [UInt8]) {
            for bit in bits {
                if used == 8 {
                    bytes.append(0)
                    used = 0
                }
                bytes[bytes.count - 1] |= bit << UInt8(used)
                used += 1
            }
        }
        put([1, 1, 0])
        let zero: [UInt8] = [0, 0, 1, 1, 0, 0, 0, 0]
        put(zero)
        var rest = count - 1
        while rest >= 258 {
            put([1, 1, 0, 0, 0, 1, 0, 1] + [0, 0, 0, 0, 0])
            rest -= 258
        }
        for _ in 0..<rest { put(zero) }
        put([0, 0, 0, 0, 0, 0, 0])
        return bytes
    }
}
