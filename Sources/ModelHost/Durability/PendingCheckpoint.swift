internal import Concurrency
internal import Storage

/// A checkpoint that another thread syncs while its model continues to learn.
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

    /// Records the outcome.
    ///
    /// - Parameters:
    ///   - error: the error that stopped it, if any.
    ///   - isInPlace: whether the checkpoint has its final name, so that only later steps can have failed.
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
    /// - Returns: the arguments of `finish`.
    @discardableResult
    func wait() -> (error: StorageError?, isInPlace: Bool) {
        monitor.withLock {
            while !outcome.isFinished { _ = monitor.wait(until: nil) }
            return (outcome.error, outcome.isInPlace)
        }
    }
}
