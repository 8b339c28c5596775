internal import Concurrency
internal import Storage

/// A checkpoint that another thread makes last, while its model goes on learning.
final class PendingCheckpoint: Sendable {
    let version: Int
    private let monitor = Monitor()
    private let outcome: Outcome

    /// `@unchecked Sendable`: read and written with the monitor locked.
    private final class Outcome: @unchecked Sendable {
        var isFinished = false
        var isInPlace = false
        var error: StorageError?
    }

    init(version: Int) {
        self.version = version
        outcome = Outcome()
    }

    /// Says how it ended.
    ///
    /// - Parameters:
    ///   - error: why not all was done.
    ///   - isInPlace: whether the checkpoint has its name, for good, so that only what comes after failed, if anything did.
    func finish(_ error: StorageError?, isInPlace: Bool) {
        monitor.withLock {
            outcome.error = error
            outcome.isInPlace = isInPlace
            outcome.isFinished = true
            monitor.broadcast()
        }
    }

    var isFinished: Bool { monitor.withLock { outcome.isFinished } }

    /// Waits for the end.
    ///
    /// - Returns: what `finish` was told.
    @discardableResult
    func wait() -> (error: StorageError?, isInPlace: Bool) {
        monitor.withLock {
            while !outcome.isFinished { _ = monitor.wait(until: nil) }
            return (outcome.error, outcome.isInPlace)
        }
    }
}
