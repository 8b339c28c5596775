internal import Synchronization

/// Counts what many owners hold together against one limit: bytes of bodies, answers, models or waiting data; or files.
///
/// An owner that may disappear without notice holds its share by a `Reservation`, which returns it.
package final class MemoryBudget: Sendable {
    package let limit: Int
    private let held = Atomic<Int>(0)

    package init(limit: Int) { self.limit = limit }

    /// The amount held now.
    package var used: Int { held.load(ordering: .relaxed) }

    package var isExhausted: Bool { used >= limit }

    /// Takes an amount, or returns one if it is negative.
    ///
    /// - Returns: false, taking nothing, if that would exceed the limit.
    package func reserve(_ amount: Int) -> Bool { take(amount) { sum, _ in sum <= limit } }

    /// The same, but a sole amount fits however large it is, so that it is not refused forever.
    package func reserveOrBeAlone(_ amount: Int) -> Bool { take(amount) { sum, used in used == 0 || sum <= limit } }

    /// Takes an amount even past the limit: one that exists already, or is too small to refuse.
    package func take(_ amount: Int) { held.wrappingAdd(amount, ordering: .relaxed) }

    package func release(_ amount: Int) { held.wrappingSubtract(amount, ordering: .relaxed) }

    private func take(_ amount: Int, where fits: (_ sum: Int, _ used: Int) -> Bool) -> Bool {
        var current = held.load(ordering: .relaxed)
        while true {
            let (sum, overflow) = current.addingReportingOverflow(amount)
            guard !overflow, amount <= 0 || fits(sum, current) else { return false }
            let (exchanged, original) = held.weakCompareExchange(expected: current, desired: sum, ordering: .relaxed)
            if exchanged { return true }
            current = original
        }
    }
}
