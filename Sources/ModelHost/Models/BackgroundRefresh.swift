internal import AnalyticLearning
internal import Concurrency
internal import Synchronization

/// A refresh of the balanced weights in the background, with the memory that it reserves while it waits and runs.
///
/// It may be called off at any time. One that has not begun is over at once, whatever keeps the threads busy.
final class BackgroundRefresh: Sendable {
    private let reservation: Reservation
    /// Nil once it has begun, or was called off before.
    private let job: Guarded<BalanceJob?>
    private let isCancelled = Atomic<Bool>(false)

    /// - Parameter reservation: what the job holds; given back when it is over.
    init(_ job: BalanceJob, reservation: Reservation) {
        self.job = Guarded(job)
        self.reservation = reservation
    }

    /// Makes the weights.
    ///
    /// - Returns: nil where it was called off before it began.
    func run() -> RefreshOutcome? {
        guard let job = job.withLock({ $0.take() }) else { return nil }
        let start = MonotonicClock.now
        var outcome = RefreshOutcome(weights: nil, failure: nil, duration: 0)
        do throws(BalanceError) {
            outcome.weights = try job.run(shouldStop: { isCancelled.load(ordering: .relaxed) })
        } catch {
            if !isCancelled.load(ordering: .relaxed) { outcome.failure = "\(error)" }
        }
        outcome.duration = MonotonicClock.seconds(since: start)
        reservation.giveBack()
        return outcome
    }

    /// Calls it off.
    ///
    /// - Returns: whether it is over, and its memory free. Else it ends as soon as it can, and `run` returns an outcome.
    func cancel() -> Bool {
        isCancelled.store(true, ordering: .relaxed)
        // The copied state goes before its bytes are given back.
        let hasBegun = job.withLock { $0.take() == nil }
        if !hasBegun { reservation.giveBack() }
        return !hasBegun
    }
}

/// What became of a refresh of balanced weights in the background.
package struct RefreshOutcome: Sendable {
    /// Nil where it failed or was called off.
    var weights: BalancedWeights?
    /// Why it failed.
    var failure: String?
    /// Seconds it took.
    var duration: Double
}
