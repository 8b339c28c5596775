internal import Concurrency
internal import Glibc
internal import Synchronization

/// Counts loans, and sets the library's threads with the first and the last.
final class ThreadLoans: Sendable {
    private let number = Atomic<Int>(0)
    /// The calls that count on the library keeping to one thread.
    private let users = Atomic<Int>(0)
    private let setThreads: @Sendable (Int) -> Void
    /// Loans begin and end one after the other.
    private let turn = Guarded(())

    /// - Parameter setThreads: sets the threads of the library.
    init(_ setThreads: @escaping @Sendable (Int) -> Void) {
        self.setThreads = setThreads
    }

    /// Whether the library has more than one thread, or is about to.
    var areAny: Bool { number.load(ordering: .relaxed) > 0 }

    /// Gives the library so many threads, unless another loan has; waits for calls that keep to one.
    func begin(threads: Int) {
        turn.withLock { _ in
            guard number.add(1, ordering: .sequentiallyConsistent).oldValue == 0 else { return }
            // Whoever comes from now on sees the loan and does without the library; those who have begun are soon done.
            while users.load(ordering: .sequentiallyConsistent) > 0 { sched_yield() }
            setThreads(threads)
        }
    }

    /// Calls `body` if there is no loan, and keeps one from beginning meanwhile.
    ///
    /// Of a call and a loan one sees the other: both write before they read, in one order for all.
    ///
    /// - Returns: whether it was called.
    func whileNone(_ body: () -> Void) -> Bool {
        users.add(1, ordering: .sequentiallyConsistent)
        defer { users.subtract(1, ordering: .releasing) }
        guard number.load(ordering: .sequentiallyConsistent) == 0 else { return false }
        body()
        return true
    }

    /// Ends a loan; the last one gives the library one thread again.
    func end() {
        turn.withLock { _ in
            // Before the loan has ended for others: what they begin then finds one thread. The lock keeps all other loans out.
            if number.load(ordering: .relaxed) == 1 { setThreads(1) }
            number.subtract(1, ordering: .sequentiallyConsistent)
        }
    }
}
