internal import Concurrency

/// When background refreshes of balanced weights run: one at a time, followed by a pause as long as the refresh, so that they take at most
/// half of the time.
struct RefreshSchedule {
    private var running: BackgroundRefresh?
    /// Whether the running refresh was cancelled.
    private var isCancelled = false
    /// In seconds of the monotonic clock.
    private var notBefore = 0.0
    /// Rebalance requests that wait until the refresh cancelled for them has ended: running both would take another square.
    private var waiting: [Completion<Rebalanced>] = []

    /// Whether a refresh may start now.
    var isFree: Bool { running == nil && MonotonicClock.now >= notBefore }

    mutating func begin(_ refresh: BackgroundRefresh) {
        running = refresh
        isCancelled = false
    }

    /// Records the end of the running refresh.
    ///
    /// - Returns: whether its result is wanted. It may have finished before it noticed that it was cancelled.
    mutating func end(duration: Double) -> Bool {
        running = nil
        notBefore = MonotonicClock.now + duration
        return !isCancelled
    }

    /// Cancels the running refresh.
    ///
    /// - Returns: whether nothing runs any more. If false, the refresh ends soon.
    @discardableResult
    mutating func cancel() -> Bool {
        isCancelled = true
        if running?.cancel() ?? true { running = nil }
        return running == nil
    }

    /// Keeps a request until the cancelled refresh has ended.
    mutating func await(_ completion: Completion<Rebalanced>) { waiting.append(completion) }

    /// Returns the waiting requests and clears them.
    mutating func takeWaiting() -> [Completion<Rebalanced>] {
        defer { waiting = [] }
        return waiting
    }

    /// Delays the next refresh: after one that could not start, or one between learning and publishing.
    mutating func postpone(_ seconds: Double) { notBefore = MonotonicClock.now + seconds }

    /// When the worker must check again if no job arrives earlier.
    func wakeUp(isWanted: Bool) -> Double? { isWanted && running == nil ? notBefore : nil }
}
