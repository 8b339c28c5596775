internal import AnalyticLearning
internal import Concurrency

/// When a model's ridge curve, and the candidates of a ridge that chooses itself, are computed: for a request or when candidates are due,
/// one at a time, followed by a pause as long as it took, so that they take at most half of the time. A curve serves later requests until
/// the model has grown by a tenth or changed otherwise.
struct RidgeSchedule {
    /// Counts the model's changes other than learning: what was computed before one belongs to another state.
    private(set) var generation = 0
    private var newest: RidgeCurve?
    /// The generation that a computation in flight belongs to.
    private var running: Int?
    /// In seconds of the monotonic clock.
    private var notBefore = 0.0
    private var waiting: [Completion<RidgeReport>] = []

    /// The curve that answers for a model with this many rows; nil if one must be computed first.
    func curve(samples: Int) -> RidgeCurve? {
        guard let newest else { return nil }
        let isCurrent = samples - newest.samples <= newest.samples / 10
        // A curve from before serves while none may be computed.
        return isCurrent || running == nil && MonotonicClock.now < notBefore ? newest : nil
    }

    /// Records a change of the model other than learning.
    mutating func noteChange() {
        generation += 1
        newest = nil
    }

    /// Keeps a request until there is a curve.
    mutating func await(_ completion: Completion<RidgeReport>) { waiting.append(completion) }

    /// Whether a computation must start now. Requests that nobody waits for are forgotten.
    ///
    /// - Parameter needsCandidates: whether candidates are due.
    mutating func isDue(needsCandidates: Bool) -> Bool {
        waiting.removeAll { !$0.isWanted }
        return (needsCandidates || !waiting.isEmpty) && running == nil && MonotonicClock.now >= notBefore
    }

    /// Delays the next attempt after one that could not start.
    mutating func postpone(_ seconds: Double) { notBefore = MonotonicClock.now + seconds }

    mutating func begin() { running = generation }

    /// Records the end of the computation.
    ///
    /// - Parameter curve: nil if it failed.
    /// - Returns: whether the model has changed only by learning since it began.
    mutating func end(_ curve: RidgeCurve?, duration: Double) -> Bool {
        let isCurrent = running == generation
        if isCurrent { newest = curve ?? newest }
        running = nil
        notBefore = MonotonicClock.now + duration
        return isCurrent
    }

    /// Returns the waiting requests and clears them.
    mutating func takeWaiting() -> [Completion<RidgeReport>] {
        defer { waiting = [] }
        return waiting
    }

    /// When the worker must check again if no job arrives earlier.
    func wakeUp(needsCandidates: Bool) -> Double? { (needsCandidates || !waiting.isEmpty) && running == nil ? notBefore : nil }
}
