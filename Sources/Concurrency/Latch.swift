/// Counts busy threads, so that others can wait for them to end.
package final class Latch: Sendable {
    private let monitor = Monitor()
    private let count = Count()

    /// `@unchecked Sendable`: read and written with the monitor locked.
    private final class Count: @unchecked Sendable {
        var value = 0
    }

    package init() {}

    /// Counts one more busy thread.
    package func enter() { monitor.withLock { count.value += 1 } }

    /// Counts one thread less.
    package func leave() {
        monitor.withLock {
            count.value -= 1
            // Waiters wait for the last thread.
            if count.value == 0 { monitor.broadcast() }
        }
    }

    /// Waits until no thread is busy.
    ///
    /// - Parameter deadline: in seconds of `MonotonicClock.now`.
    /// - Returns: false if the deadline has passed.
    package func wait(until deadline: Double) -> Bool {
        monitor.withLock {
            while count.value > 0 {
                if !monitor.wait(until: deadline) { return count.value == 0 }
            }
            return true
        }
    }
}
