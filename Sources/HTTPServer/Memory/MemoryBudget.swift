import Synchronization

/// Counts the octets which request bodies, or answers, hold over all connections, against one limit.
final class MemoryBudget: Sendable {
    private let used = Atomic<Int>(0)
    let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// The octets held now.
    var count: Int { used.load(ordering: .relaxed) }

    /// Takes `amount` octets; false, and nothing taken, when that would pass the limit.
    func reserve(_ amount: Int) -> Bool {
        var current = used.load(ordering: .relaxed)
        while true {
            let (sum, overflow) = current.addingReportingOverflow(amount)
            guard !overflow, sum <= limit else { return false }
            let (exchanged, original) = used.weakCompareExchange(expected: current, desired: sum, ordering: .relaxed)
            if exchanged { return true }
            current = original
        }
    }

    /// Takes `amount` octets as `reserve` does; where none are held also more than the limit, so that something which is larger is not
    /// refused for ever.
    func reserveOrBeAlone(_ amount: Int) -> Bool {
        if reserve(amount) { return true }
        return used.compareExchange(expected: 0, desired: amount, ordering: .relaxed).exchanged
    }

    /// Whether nothing is left.
    var isExhausted: Bool { count >= limit }

    /// Takes `amount` octets even past the limit: for small copies that cannot be refused any more.
    func take(_ amount: Int) {
        used.wrappingAdd(amount, ordering: .relaxed)
    }

    /// Gives `amount` octets back.
    func release(_ amount: Int) {
        used.wrappingSubtract(amount, ordering: .relaxed)
    }
}
