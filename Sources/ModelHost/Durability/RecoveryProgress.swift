internal import Concurrency
internal import Foundation

/// Log lines during a model's recovery: rows, rows per second, seconds left.
struct RecoveryProgress {
    private let log: Log
    private let model: String
    /// Rows in the logs, counted beforehand.
    private let totalRows: Int
    private let start = MonotonicClock.now
    private var last = MonotonicClock.now

    init(_ log: Log, model: String, totalRows: Int) {
        self.log = log
        self.model = model
        self.totalRows = totalRows
        if totalRows > 0 { log.info("replaying the log", ["model": model, "rows": "\(totalRows)"]) }
    }

    /// Writes at most one line every two seconds.
    mutating func note(rows: Int) {
        let now = MonotonicClock.now
        guard now - last >= 2, rows > 0 else { return }
        last = now
        let rate = Double(rows) / (now - start)
        log.info(
            "replaying the log",
            [
                "model": model, "rows": "\(rows) of \(totalRows)", "rows a second": String(format: "%.0f", rate),
                "seconds left": String(format: "%.0f", Double(totalRows - rows) / rate),
            ])
    }

    /// Writes the last line.
    func finish(version: Int) {
        let seconds = MonotonicClock.now - start
        log.info(
            "recovered",
            ["model": model, "version": "\(version)", "logged rows": "\(totalRows)", "seconds": String(format: "%.1f", seconds)])
    }
}
