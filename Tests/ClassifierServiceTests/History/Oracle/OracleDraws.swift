import Glibc

/// The draws of pseudo-features, implemented a second time from the documentation: Philox4x32-10 keyed with the seed, at counters of
/// component, draw and label, with Box and Muller's transform.
struct OracleDraws {
    private let seed: UInt64
    private let hash: UInt64

    init(seed: UInt64, label: [UInt8]) {
        self.seed = seed
        hash = label.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    func value(draw: Int, component: Int) -> Double {
        let words = philox([
            UInt32(component / 4), UInt32(truncatingIfNeeded: draw), UInt32(truncatingIfNeeded: hash), UInt32(hash >> 32),
        ])
        let pair = component % 4 / 2 * 2
        let radius = (-2 * log((2 * Double(words[pair]) + 1) / 0x1p33)).squareRoot()
        let angle = 2 * Double.pi * Double(words[pair + 1]) / 0x1p32
        return radius * (component % 2 == 0 ? cos(angle) : sin(angle))
    }

    private func philox(_ counter: [UInt32]) -> [UInt32] {
        var words = counter
        var key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        for _ in 0..<10 {
            let first = UInt64(words[0]) * 0xD251_1F53
            let second = UInt64(words[2]) * 0xCD9E_8D57
            words = [
                UInt32(second >> 32) ^ words[1] ^ key.0, UInt32(truncatingIfNeeded: second), UInt32(first >> 32) ^ words[3] ^ key.1,
                UInt32(truncatingIfNeeded: first),
            ]
            key = (key.0 &+ 0x9E37_79B9, key.1 &+ 0xBB67_AE85)
        }
        return words
    }
}
