/// The time that a client has for a transfer with a minimum rate: a bucket that the clock empties and octets fill.
///
/// It is never more than full, so octets that came fast do not pay for a longer stall.
struct Allowance: Equatable {
    /// The time that the octets so far have paid for, in milliseconds; never after the last of them arrived.
    private(set) var paidUntil: Int64
    /// The remainder of the octets' conversion into milliseconds, times 1000.
    private var rest: Int64 = 0

    /// A full one.
    init(at now: Int64) {
        paidUntil = now
    }

    /// Records transferred octets.
    ///
    /// - Parameter rate: octets per second, at most 2⁴⁰.
    mutating func pay(_ octets: Int, rate: Int64, at now: Int64) {
        let earned = rest + Int64(min(octets, 1 << 40)) * 1000
        paidUntil += earned / rate
        rest = earned % rate
        if paidUntil >= now {
            paidUntil = now
            rest = 0
        }
    }

    /// Adds time that is not charged to the client.
    mutating func extend(by time: Int64) {
        paidUntil += time
    }
}
