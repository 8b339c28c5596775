/// Bytes of a budget that one owner holds. They are given back when the owner goes, or before.
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
    /// - Returns: nil where they do not fit.
    package convenience init?(_ bytes: Int, of budget: MemoryBudget) {
        self.init(of: budget)
        guard resize(to: bytes) else { return nil }
    }

    deinit { giveBack() }

    /// The bytes held now.
    package var bytes: Int { held.withLock { $0 } }

    /// Changes the reservation to this many bytes.
    ///
    /// - Returns: false where more are wanted than fit; what is held stays then.
    package func resize(to bytes: Int) -> Bool { change(to: bytes, isForced: false) }

    /// Changes it whether or not the bytes fit: for a state that exists already.
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
