import Foundation
import Testing

@testable import Concurrency

/// Threads that take a task at once or not at all.
@Suite struct WaiterThreadsTests {
    private func wait(_ condition: () -> Bool) -> Bool {
        for _ in 0..<20_000 {
            if condition() { return true }
            usleep(1000)
        }
        return false
    }

    @Test func busyThreads_takeNoTask() {
        let threads = WaiterThreads("waiter", limit: 2)
        defer { threads.stop() }
        let (running, release) = (Guarded(0), Guarded(false))
        let task: @Sendable () -> Void = {
            running.withLock { $0 += 1 }
            while !release.withLock({ $0 }) { usleep(200) }
            running.withLock { $0 -= 1 }
        }
        #expect(threads.run(task) && threads.run(task))
        #expect(wait { running.withLock { $0 == 2 } })
        #expect(!threads.run(task))
        release.withLock { $0 = true }
        #expect(wait { running.withLock { $0 == 0 } })
        // The same threads take the next ones.
        let count = Guarded(0)
        for number in 1...50 {
            #expect(wait { threads.run { count.withLock { $0 += 1 } } })
            #expect(wait { count.withLock { $0 == number } })
        }
    }

    /// Notes when it is released.
    private final class Token: Sendable {
        private let isReleased: Guarded<Bool>

        init(_ isReleased: Guarded<Bool>) { self.isReleased = isReleased }

        deinit { isReleased.withLock { $0 = true } }
    }

    private func run(holding token: Token, on threads: WaiterThreads) -> Bool {
        threads.run { withExtendedLifetime(token) {} }
    }

    @Test func whatATaskHolds_isReleasedWhileItsThreadStays() {
        let threads = WaiterThreads("waiter", limit: 1)
        defer { threads.stop() }
        // A thread's first task, and a later one.
        for _ in 0..<2 {
            let isReleased = Guarded(false)
            #expect(wait { run(holding: Token(isReleased), on: threads) })
            #expect(wait { isReleased.withLock { $0 } })
        }
    }

    @Test func refusedThread_takesNoTask() {
        let refusals = ThreadRefusals()
        refusals.fail("waiter-0")
        Threads.$refusals.withValue(refusals) {
            let threads = WaiterThreads("waiter", limit: 1)
            defer { threads.stop() }
            let count = Guarded(0)
            #expect(!threads.run { count.withLock { $0 += 1 } })
            #expect(threads.run { count.withLock { $0 += 1 } })
            #expect(wait { count.withLock { $0 == 1 } })
        }
    }

    @Test func stoppedThreads_takeNoTask() {
        let threads = WaiterThreads("waiter", limit: 2)
        threads.stop()
        #expect(!threads.run {})
    }
}
