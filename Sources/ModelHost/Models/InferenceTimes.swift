internal import Concurrency

/// Durations of the parts of one inference, in nanoseconds.
package struct InferenceTimes: Sendable {
    private let start = Int(MonotonicClock.nanoseconds)
    private var last: Int
    private(set) var queue = 0
    private(set) var input = 0
    private(set) var infer = 0
    private(set) var output = 0

    /// Starts the clock.
    package init() { last = start }

    /// Nanoseconds since the start.
    var total: Int { Int(MonotonicClock.nanoseconds) - start }

    /// Ends the wait for a compute thread.
    package mutating func hasWaited() { queue += lap() }

    /// Ends the reading of the content.
    package mutating func hasRead() { input += lap() }

    /// Ends the scoring of the rows.
    package mutating func hasScored() { infer += lap() }

    /// Ends the writing of the answer.
    package mutating func hasWritten() { output += lap() }

    private mutating func lap() -> Int {
        let now = Int(MonotonicClock.nanoseconds)
        defer { last = now }
        return now - last
    }
}
