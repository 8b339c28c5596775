/// The counter-based generator Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
///
/// Four 32-bit words are a pure function of a 128-bit counter and a 64-bit key: the same on every machine, in any order, on any
/// thread, without state to save.
public struct Philox4x32: Sendable {
    private let key: (UInt32, UInt32)

    /// A generator for one key.
    public init(key: UInt64) {
        self.key = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
    }

    /// The four words at a counter.
    public func words(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
        let (x, y, z, w) = words(counter.x, counter.y, counter.z, counter.w)
        return SIMD4(x, y, z, w)
    }

    /// The same in scalars: a vector of four would be taken apart in every round.
    @inline(__always)
    func words(_ x: UInt32, _ y: UInt32, _ z: UInt32, _ w: UInt32) -> (UInt32, UInt32, UInt32, UInt32) {
        var (x, y, z, w) = (x, y, z, w)
        var (low, high) = key
        for _ in 0..<10 {
            let first = UInt64(x) &* 0xD251_1F53
            let second = UInt64(z) &* 0xCD9E_8D57
            x = UInt32(truncatingIfNeeded: second >> 32) ^ y ^ low
            y = UInt32(truncatingIfNeeded: second)
            z = UInt32(truncatingIfNeeded: first >> 32) ^ w ^ high
            w = UInt32(truncatingIfNeeded: first)
            low = low &+ 0x9E37_79B9
            high = high &+ 0xBB67_AE85
        }
        return (x, y, z, w)
    }
}
