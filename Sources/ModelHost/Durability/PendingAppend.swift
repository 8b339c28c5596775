internal import Concurrency
internal import Storage

/// A record that another thread syncs while its model's worker computes.
final class PendingAppend: Sendable {
    let written: WriteAheadLog.Written
    private let start: Int64
    private let monitor = Monitor()
    private let outcome = Outcome()

    /// `@unchecked Sendable`: read and written with the monitor locked.
    private final class Outcome: @unchecked Sendable {
        var isFinished = false
        var failure: StorageError?
        var nanoseconds: Int64 = 0
    }

    /// Begins to sync; on this thread if no other is free.
    ///
    /// - Parameter start: when writing began, in nanoseconds of `MonotonicClock`.
    init(_ written: WriteAheadLog.Written, since start: Int64, on threads: WaiterThreads) {
        self.written = written
        self.start = start
        if !threads.run({ self.synchronize() }) { synchronize() }
    }

    private func synchronize() {
        let failure = written.synchronize()
        let nanoseconds = MonotonicClock.nanoseconds - start
        monitor.withLock {
            outcome.failure = failure
            outcome.nanoseconds = nanoseconds
            outcome.isFinished = true
            monitor.signal()
        }
    }

    /// Waits for the end.
    ///
    /// - Returns: the error of the sync, if any, and how long writing and syncing took.
    func wait() -> (failure: StorageError?, nanoseconds: Int64) {
        monitor.withLock {
            while !outcome.isFinished { _ = monitor.wait(until: nil) }
            return (outcome.failure, outcome.nanoseconds)
        }
    }
}
