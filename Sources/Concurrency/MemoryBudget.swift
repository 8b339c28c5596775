internal import Synchronization

/// Counts what many owners hold together against one limit: bytes of bodies, of answers, of models, of what waits; or files.
///
/// An owner that may go without notice holds its share by a `Reservation`, which gives it back.
package final class MemoryBudget: Sendable {
    package let limit: Int
    private let held = Atomic<Int>(0)

    package init(limit: Int) { self.limit = limit }

    /// What is held now.
    package var used: Int { held.load(ordering: .relaxed) }

    /// Whether nothing is left.
    package var isExhausted: Bool { used >= limit }

    /// Takes an amount, or gives one back where it is negative.
    ///
    /// - Returns: false, and nothing is taken, where that would pass the limit.
    package func reserve(_ amount: Int) -> Bool { take(amount) { sum, _ in sum <= limit } }

    /// The same; but what is alone fits, however large it is, so that it is not refused for ever.
    package func reserveOrBeAlone(_ amount: Int) -> Bool { take(amount) { sum, used in used == 0 || sum <= limit } }

    /// Takes an amount even past the limit: what is there already, or too small to be refused.
    package func take(_ amount: Int) { held.wrappingAdd(amount, ordering: .relaxed) }

    /// Gives an amount back.
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
