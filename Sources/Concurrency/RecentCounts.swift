/// What was counted in the last periods of some clock, each period by its number. Empty until something is counted, then of fixed size.
package struct RecentCounts: Sendable {
    /// The periods that are kept, the newest included. A power of two.
    package static let kept = 128

    /// A count for each kept period, at its number modulo `kept`.
    private var counts: [UInt32] = []
    private var newest = 0

    package init() {}

    /// Counts in a period. What is older than those kept is not counted.
    ///
    /// - Complexity: O(periods since the last call), at most `kept`.
    package mutating func add(_ count: Int, in period: Int) {
        if counts.isEmpty {
            counts = [UInt32](repeating: 0, count: Self.kept)
            newest = period
        }
        if period > newest {
            for passed in max(newest + 1, period - Self.kept + 1)...period { counts[passed & (Self.kept - 1)] = 0 }
            newest = period
        }
        guard newest - period < Self.kept else { return }
        let place = period & (Self.kept - 1)
        counts[place] = UInt32(clamping: Int(counts[place]) + count)
    }

    /// What was counted in a period; 0 if it is no longer kept.
    package subscript(_ period: Int) -> Int {
        guard !counts.isEmpty, period <= newest, newest - period < Self.kept else { return 0 }
        return Int(counts[period & (Self.kept - 1)])
    }
}
