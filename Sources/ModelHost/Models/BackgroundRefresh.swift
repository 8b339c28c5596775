internal import AnalyticLearning
internal import Concurrency
internal import Synchronization

/// A background refresh of the balanced weights, and the memory it reserves while it waits and runs.
///
/// It can be cancelled at any time. If it has not started, it ends at once, however busy the threads are.
final class BackgroundRefresh: Sendable {
    private let reservation: Reservation
    /// Nil once the refresh has started or was cancelled.
    private let job: Guarded<BalanceJob?>
    private let isCancelled = Atomic<Bool>(false)

    /// - Parameter reservation: the job's memory; released when the refresh ends.
    init(_ job: BalanceJob, reservation: Reservation) {
        self.job = Guarded(job)
        self.reservation = reservation
    }

    /// Computes the weights.
    ///
    /// - Returns: nil if it was cancelled before it started.
    func run() -> RefreshOutcome? {
        guard let job = job.withLock({ $0.take() }) else { return nil }
        let start = MonotonicClock.now
        var outcome = RefreshOutcome(weights: nil, failure: nil, duration: 0)
        do throws(BalanceError) {
            outcome.weights = try job.run(shouldStop: { isCancelled.load(ordering: .relaxed) })
        } catch {
            if case .unavailable(let unavailable) = error { outcome.unavailable = unavailable }
            if outcome.unavailable == nil, !isCancelled.load(ordering: .relaxed) { outcome.failure = "\(error)" }
        }
        outcome.duration = MonotonicClock.seconds(since: start)
        reservation.giveBack()
        return outcome
    }

    /// Cancels the refresh.
    ///
    /// - Returns: whether it has ended and its memory is free. If false, it ends as soon as it can, and `run` returns an outcome.
    func cancel() -> Bool {
        isCancelled.store(true, ordering: .relaxed)
        // Free the copied state before releasing its bytes.
        let hasBegun = job.withLock { $0.take() == nil }
        if !hasBegun { reservation.giveBack() }
        return !hasBegun
    }
}

/// The outcome of a background refresh of balanced weights.
package struct RefreshOutcome: Sendable {
    /// Nil if it failed or was cancelled.
    var weights: BalancedWeights?
    /// The state has no such weights.
    var unavailable: BalanceUnavailable?
    /// Why it failed.
    var failure: String?
    /// Duration in seconds.
    var duration: Double
}
