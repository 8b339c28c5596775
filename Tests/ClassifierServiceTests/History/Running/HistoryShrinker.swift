import Foundation

/// Finds a short history that fails as a long one does (delta debugging: Zeller and Hildebrandt 2002).
struct HistoryShrinker {
    /// The number of runs allowed.
    var budget = 80
    private(set) var runs = 0
    private let deadline: Date

    init(seconds: Double) { deadline = Date().addingTimeInterval(seconds) }

    /// - Parameters:
    ///   - history: a failing history.
    ///   - first: its run.
    /// - Returns: the shortest failing history found, and its run; nil if it does not fail again.
    mutating func shrink(_ history: History, _ first: HistoryRun) -> (history: History, run: HistoryRun)? {
        var best = history
        best.steps = Array(history.steps.prefix(first.steps))
        guard var bestRun = failing(best) ?? failing(best) else { return nil }
        var size = max(1, best.steps.count / 2)
        while runs < budget, Date() < deadline {
            var start = 0
            var isShorter = false
            while start < best.steps.count, runs < budget, Date() < deadline {
                var candidate = best
                candidate.steps.removeSubrange(start..<min(start + size, best.steps.count))
                if let run = failing(candidate) {
                    candidate.steps = Array(candidate.steps.prefix(run.steps))
                    (best, bestRun, isShorter) = (candidate, run, true)
                } else {
                    start += size
                }
            }
            if size == 1, !isShorter { break }
            if size > 1 { size /= 2 }
        }
        return (best, bestRun)
    }

    private mutating func failing(_ history: History) -> HistoryRun? {
        runs += 1
        let run = HistoryRun(history)
        return run.failure == nil ? nil : run
    }
}
