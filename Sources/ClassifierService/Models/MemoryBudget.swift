internal import Locks

/// What all models together may take, counted before anything is allocated; and the same for files and the disk that they take.
final class MemoryBudget: Sendable {
    /// The limit in bytes.
    let limit: Int
    private let reserved = Guarded(0)

    init(limit: Int) { self.limit = limit }

    /// Reserves bytes.
    ///
    /// - Returns: whether they fit.
    func reserve(_ bytes: Int) -> Bool {
        reserved.withLock { used in
            let (sum, overflow) = used.addingReportingOverflow(bytes)
            guard !overflow, sum <= limit else { return false }
            used = sum
            return true
        }
    }

    /// Reserves other bytes in place of some, whether they fit or not: for a state that is there already.
    func exchange(_ bytes: Int, for others: Int) {
        reserved.withLock { $0 += others - bytes }
    }

    func release(_ bytes: Int) {
        reserved.withLock { $0 -= bytes }
    }

    /// The bytes reserved now.
    var used: Int { reserved.withLock { $0 } }
}
