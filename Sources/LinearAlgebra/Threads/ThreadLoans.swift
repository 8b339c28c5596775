internal import Concurrency
internal import Glibc
internal import Synchronization

/// Counts loans; sets the library's threads at the first and the last.
final class ThreadLoans: Sendable {
    private let number = Atomic<Int>(0)
    /// Calls that rely on the library keeping to one thread.
    private let users = Atomic<Int>(0)
    private let setThreads: @Sendable (Int) -> Void
    /// Loans begin and end one at a time.
    private let turn = Guarded(())

    /// - Parameter setThreads: sets the number of the library's threads.
    init(_ setThreads: @escaping @Sendable (Int) -> Void) {
        self.setThreads = setThreads
    }

    /// Whether the library has more than one thread, or is about to.
    var areAny: Bool { number.load(ordering: .relaxed) > 0 }

    /// Gives the library this many threads, unless another loan has; waits for calls that rely on one thread.
    func begin(threads: Int) {
        turn.withLock { _ in
            guard number.add(1, ordering: .sequentiallyConsistent).oldValue == 0 else { return }
            // New callers see the loan and do without the library; those that have begun soon end.
            while users.load(ordering: .sequentiallyConsistent) > 0 { sched_yield() }
            setThreads(threads)
        }
    }

    /// Calls `body` if there is no loan, and blocks loans meanwhile.
    ///
    /// Either the call sees the loan or the loan sees the call: both write before they read, in one order for all threads.
    ///
    /// - Returns: whether `body` was called.
    func whileNone(_ body: () -> Void) -> Bool {
        users.add(1, ordering: .sequentiallyConsistent)
        defer { users.subtract(1, ordering: .releasing) }
        guard number.load(ordering: .sequentiallyConsistent) == 0 else { return false }
        body()
        return true
    }

    /// Ends a loan; the last one returns the library to one thread.
    func end() {
        turn.withLock { _ in
            // Before others see that the loan has ended, so that they find one thread. The lock excludes other loans.
            if number.load(ordering: .relaxed) == 1 { setThreads(1) }
            number.subtract(1, ordering: .sequentiallyConsistent)
        }
    }
}
