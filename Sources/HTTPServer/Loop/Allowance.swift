/// The time that a client has for a transfer with a minimum rate: a bucket that the clock empties and octets fill.
///
/// It is never more than full, so octets that came fast do not pay for a longer stall.
struct Allowance: Equatable {
    /// Up to when the octets so far have paid, in milliseconds; never later than the last of them came.
    private(set) var paidUntil: Int64
    /// What was left of the octets when they were turned into milliseconds, times 1000.
    private var rest: Int64 = 0

    /// A full one.
    init(at now: Int64) {
        paidUntil = now
    }

    /// Some octets have passed.
    ///
    /// - Parameter rate: octets a second, at most 2⁴⁰.
    mutating func pay(_ octets: Int, rate: Int64, at now: Int64) {
        let earned = rest + Int64(min(octets, 1 << 40)) * 1000
        paidUntil += earned / rate
        rest = earned % rate
        if paidUntil >= now {
            paidUntil = now
            rest = 0
        }
    }

    /// So much time was not the client's.
    mutating func extend(by time: Int64) {
        paidUntil += time
    }
}
