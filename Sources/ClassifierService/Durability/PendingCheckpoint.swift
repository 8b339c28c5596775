internal import Storage

/// A checkpoint that another thread makes last, while its model goes on learning.
final class PendingCheckpoint: Sendable {
    let version: Int
    private let monitor = Monitor()
    private let outcome: Outcome

    /// `@unchecked Sendable`: read and written with the monitor locked.
    private final class Outcome: @unchecked Sendable {
        var isFinished = false
        var error: StorageError?
    }

    init(version: Int) {
        self.version = version
        outcome = Outcome()
    }

    /// Says how it ended.
    func finish(_ error: StorageError?) {
        monitor.withLock {
            outcome.error = error
            outcome.isFinished = true
            monitor.broadcast()
        }
    }

    var isFinished: Bool { monitor.withLock { outcome.isFinished } }

    /// Waits for the end.
    ///
    /// - Returns: why it failed; nil where it did not.
    func wait() -> StorageError? {
        monitor.withLock {
            while !outcome.isFinished { _ = monitor.wait(until: nil) }
            return outcome.error
        }
    }
}
