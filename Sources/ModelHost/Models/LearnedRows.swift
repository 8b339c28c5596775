package import Concurrency
internal import Synchronization

/// The rows that all models learned lately, by period. Who reads them says when a period ends; each model also counts its own rows by these
/// periods, so that nobody has to visit all models at the end of one.
package final class LearnedRows: Sendable {
    private let number = Atomic<Int>(0)
    private let counts = Guarded(RecentCounts())

    package init() {}

    /// Counts rows.
    ///
    /// - Returns: the period in which they count.
    func add(_ rows: Int) -> Int {
        let period = number.load(ordering: .relaxed)
        counts.withLock { $0.add(rows, in: period) }
        return period
    }

    /// Begins a period; numbers grow by one.
    package func begin(period: Int) { number.store(period, ordering: .relaxed) }

    /// The rows of the last periods.
    package var recent: RecentCounts { counts.withLock { $0 } }
}
