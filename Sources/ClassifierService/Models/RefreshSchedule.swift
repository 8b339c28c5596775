internal import Synchronization

/// When balanced weights are refreshed in the background: one refresh at a time, and after each a pause as long as it took, so that
/// refreshes take at most half of the time.
struct RefreshSchedule {
    /// Tells a running refresh that nobody waits for it any more.
    final class Cancellation: Sendable {
        private let flag = Atomic<Bool>(false)
        var isCancelled: Bool { flag.load(ordering: .relaxed) }
        func cancel() { flag.store(true, ordering: .relaxed) }
    }

    let cancellation = Cancellation()
    private(set) var isRunning = false
    /// In seconds of the monotonic clock.
    private var notBefore = 0.0

    /// Whether a refresh may start now.
    var isFree: Bool { !isRunning && MonotonicClock.now >= notBefore }

    mutating func begin() { isRunning = true }

    mutating func end(duration: Double) {
        isRunning = false
        notBefore = MonotonicClock.now + duration
    }

    /// Tries again after a pause, where one could not even begin.
    mutating func postpone(_ seconds: Double) { notBefore = MonotonicClock.now + seconds }

    /// When the worker must look again, if no job comes before.
    func wakeUp(isWanted: Bool) -> Double? { isWanted && !isRunning ? notBefore : nil }
}
