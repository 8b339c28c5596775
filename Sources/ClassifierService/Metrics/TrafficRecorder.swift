internal import Concurrency
internal import HTTPServer
internal import ModelHost

/// Keeps the history of the server's traffic: reads the server's counters at the end of each period and on request.
///
/// Each model counts its rows by the number of the period, so no model is visited.
final class TrafficRecorder: Sendable {
    private let history = Guarded(TrafficHistory(at: UptimeClock.now))
    private let learnedRows: LearnedRows
    private let server: ServerReference

    init(learnedRows: LearnedRows, server: ServerReference) {
        self.learnedRows = learnedRows
        self.server = server
    }

    /// Ends a period; called every `TrafficHistory.interval`.
    ///
    /// - Complexity: O(routes · event loops); never blocks.
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
    /// - Parameter model: the model whose rows are reported; nil for the rows of all models.
    /// - Complexity: as in `endPeriod`.
    func answer(_ model: Model?) -> TrafficAnswer {
        let (totals, now) = (totals, UptimeClock.now)
        let points = history.withLock { $0.points(totals, at: now) }
        let rows = model?.activity.withLock { $0.recentRows } ?? learnedRows.recent
        return TrafficAnswer(model: model?.name, points: points, rows: rows, now: now)
    }

    private var totals: TrafficTotals { TrafficTotals(server.server?.routeStatistics ?? []) }
}
