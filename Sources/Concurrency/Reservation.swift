/// Bytes of a budget that one owner holds. They are returned when the owner is released, or earlier.
package final class Reservation: Sendable {
    private let budget: MemoryBudget
    private let held: Guarded<Int>

    /// An empty reservation.
    package init(of budget: MemoryBudget) {
        self.budget = budget
        held = Guarded(0)
    }

    /// Reserves bytes.
    ///
    /// - Returns: nil if they do not fit.
    package convenience init?(_ bytes: Int, of budget: MemoryBudget) {
        self.init(of: budget)
        guard resize(to: bytes) else { return nil }
    }

    deinit { giveBack() }

    /// The bytes held now.
    package var bytes: Int { held.withLock { $0 } }

    /// Changes the reservation to this many bytes.
    ///
    /// - Returns: false, changing nothing, if the additional bytes do not fit.
    package func resize(to bytes: Int) -> Bool { change(to: bytes, isForced: false) }

    /// Changes the reservation whether or not the bytes fit: for memory that exists already.
    package func settle(at bytes: Int) { _ = change(to: bytes, isForced: true) }

    /// Releases all bytes.
    package func giveBack() { settle(at: 0) }

    private func change(to bytes: Int, isForced: Bool) -> Bool {
        held.withLock { held in
            guard bytes >= 0 else { return false }
            if isForced { budget.take(bytes - held) } else if !budget.reserve(bytes - held) { return false }
            held = bytes
            return true
        }
    }
}
