/// Makes IDs for requests: unique in a process, and almost certainly across processes.
struct RequestIDSource {
    private var counter: UInt64

    init() {
        counter = UInt64.random(in: .min ... .max)
    }

    /// The next ID. The mixing (SplitMix64's) is one-to-one, so IDs repeat only when the counter does.
    mutating func next() -> RequestID {
        counter &+= 0x9e37_79b9_7f4a_7c15
        var mixed = counter
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return RequestID(number: mixed ^ (mixed >> 31))
    }
}
