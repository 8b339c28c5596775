internal import AnalyticLearning
internal import Concurrency

/// Loads: rows that are learned first and seen by predictions later.
///
/// Such rows are in the log and in the sums before their answer, and the version counts them. Until predictions see them, the published
/// state stays that of an earlier version. Every other job first makes them seen, so it finds what it would have found after learns of the
/// usual kind.
extension ModelWorker {
    /// Solves for the weights and publishes them, if rows are unseen.
    func showUnseen() {
        guard unseen.count > 0 else { return }
        let start = MonotonicClock.now
        let isSolved = classifier.isBehind
        endLoad()
        unseen.clear(seconds: isSolved ? MonotonicClock.now - start : nil)
        model.activity.withLock { $0.unseenRows = 0 }
        publish()
    }

    /// Solves for the weights, and frees the buffer of a load.
    func endLoad() {
        classifier.catchUp()
        loadReservation.giveBack()
    }

    /// Whether a block of a load is added to the sums alone. If so, the load gets its buffer, if there is memory for it.
    func defersRows(_ rows: Int) -> Bool {
        let isFirst = unseen.count == 0
        guard unseen.defers(rows: rows, bulkRows: classifier.configuration.bulkRows, at: MonotonicClock.now) else { return false }
        if isFirst, loadReservation.resize(to: classifier.loadBufferBytes) { classifier.beginLoad() }
        return true
    }

    /// Records a block of a load.
    func noteLoaded(_ rows: Int) {
        unseen.add(rows, at: MonotonicClock.now)
        let count = unseen.count
        model.activity.withLock { $0.unseenRows = count }
    }

    /// Makes rows seen that have waited long enough, or whose weights a checkpoint has solved.
    func showUnseenIfDue() {
        guard let limit = unseen.limit else { return }
        if !classifier.isBehind || MonotonicClock.now >= limit { showUnseen() }
    }
}
