internal import Concurrency

/// How long the parts of one inference took, in nanoseconds.
struct InferenceTimes: Sendable {
    private let start = Int(MonotonicClock.nanoseconds)
    private var last: Int
    private(set) var queue = 0
    private(set) var input = 0
    private(set) var infer = 0
    private(set) var output = 0

    /// Begins now.
    init() { last = start }

    /// Since it began.
    var total: Int { Int(MonotonicClock.nanoseconds) - start }

    /// It has waited for a compute thread.
    mutating func hasWaited() { queue += lap() }

    /// Its content has been read.
    mutating func hasRead() { input += lap() }

    /// Its rows have been scored.
    mutating func hasScored() { infer += lap() }

    /// Its answer has been written.
    mutating func hasWritten() { output += lap() }

    private mutating func lap() -> Int {
        let now = Int(MonotonicClock.nanoseconds)
        defer { last = now }
        return now - last
    }
}
