internal import Concurrency

/// When balanced weights are refreshed in the background: one refresh at a time, and after each a pause as long as it took, so that
/// refreshes take at most half of the time.
struct RefreshSchedule {
    private var running: BackgroundRefresh?
    /// Whether what runs has been called off.
    private var isCancelled = false
    /// In seconds of the monotonic clock.
    private var notBefore = 0.0
    /// Requests to rebalance that wait for the end of the refresh that was called off for them: both at once would take one more square.
    private var waiting: [Completion<Rebalanced>] = []

    /// Whether a refresh may start now.
    var isFree: Bool { running == nil && MonotonicClock.now >= notBefore }

    mutating func begin(_ refresh: BackgroundRefresh) {
        running = refresh
        isCancelled = false
    }

    /// Notes the end of what ran.
    ///
    /// - Returns: whether what it made is wanted. It may have been done before it could notice that it was called off.
    mutating func end(duration: Double) -> Bool {
        running = nil
        notBefore = MonotonicClock.now + duration
        return !isCancelled
    }

    /// Calls off what runs.
    ///
    /// - Returns: whether nothing runs any more. Else it ends soon.
    @discardableResult
    mutating func cancel() -> Bool {
        isCancelled = true
        if running?.cancel() ?? true { running = nil }
        return running == nil
    }

    /// Keeps a request until the refresh that was called off has ended.
    mutating func await(_ completion: Completion<Rebalanced>) { waiting.append(completion) }

    /// Hands out the requests that waited.
    mutating func takeWaiting() -> [Completion<Rebalanced>] {
        defer { waiting = [] }
        return waiting
    }

    /// Tries again after a pause, where one could not even begin.
    mutating func postpone(_ seconds: Double) { notBefore = MonotonicClock.now + seconds }

    /// When the worker must look again, if no job comes before.
    func wakeUp(isWanted: Bool) -> Double? { isWanted && running == nil ? notBefore : nil }
}
