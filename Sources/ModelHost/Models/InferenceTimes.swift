internal import Concurrency

/// How long the parts of one inference took, in nanoseconds.
package struct InferenceTimes: Sendable {
    private let start = Int(MonotonicClock.nanoseconds)
    private var last: Int
    private(set) var queue = 0
    private(set) var input = 0
    private(set) var infer = 0
    private(set) var output = 0

    /// Begins now.
    package init() { last = start }

    /// Since it began.
    var total: Int { Int(MonotonicClock.nanoseconds) - start }

    /// It has waited for a compute thread.
    package mutating func hasWaited() { queue += lap() }

    /// Its content has been read.
    package mutating func hasRead() { input += lap() }

    /// Its rows have been scored.
    package mutating func hasScored() { infer += lap() }

    /// Its answer has been written.
    package mutating func hasWritten() { output += lap() }

    private mutating func lap() -> Int {
        let now = Int(MonotonicClock.nanoseconds)
        defer { last = now }
        return now - last
    }
}
