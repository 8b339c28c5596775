internal import Concurrency
internal import HTTPServer
internal import ModelHost

/// Keeps the history of the server's traffic: reads what the server counts, at the end of each period and when asked.
///
/// Rows are counted by the models themselves, by the number of the period, so that no model is visited.
final class TrafficRecorder: Sendable {
    private let history = Guarded(TrafficHistory(at: UptimeClock.now))
    private let learnedRows: LearnedRows
    private let server: ServerReference

    init(learnedRows: LearnedRows, server: ServerReference) {
        self.learnedRows = learnedRows
        self.server = server
    }

    /// Ends a period; called each `TrafficHistory.interval`.
    ///
    /// - Complexity: O(routes · event loops); waits for nobody.
    func endPeriod() {
        let totals = totals
        let period = history.withLock {
            $0.endPeriod(totals, at: UptimeClock.now)
            return $0.period
        }
        learnedRows.begin(period: period)
    }

    /// The last ten minutes.
    ///
    /// - Parameter model: whose rows are told; nil for those of all models.
    /// - Complexity: as of `endPeriod`.
    func answer(_ model: Model?) -> TrafficAnswer {
        let (totals, now) = (totals, UptimeClock.now)
        let points = history.withLock { $0.points(totals, at: now) }
        let rows = model?.activity.withLock { $0.recentRows } ?? learnedRows.recent
        return TrafficAnswer(model: model?.name, points: points, rows: rows, now: now)
    }

    private var totals: TrafficTotals { TrafficTotals(server.server?.routeStatistics ?? []) }
}
