/// Counts threads that are at work, for whoever waits for their end.
package final class Latch: Sendable {
    private let monitor = Monitor()
    private let count = Count()

    /// `@unchecked Sendable`: read and written with the monitor locked.
    private final class Count: @unchecked Sendable {
        var value = 0
    }

    package init() {}

    /// One more is at work.
    package func enter() { monitor.withLock { count.value += 1 } }

    /// One has ended.
    package func leave() {
        monitor.withLock {
            count.value -= 1
            // Those who wait do so for the last.
            if count.value == 0 { monitor.broadcast() }
        }
    }

    /// Waits until nobody is at work.
    ///
    /// - Parameter deadline: in seconds of `MonotonicClock.now`.
    /// - Returns: false where the deadline has passed.
    package func wait(until deadline: Double) -> Bool {
        monitor.withLock {
            while count.value > 0 {
                if !monitor.wait(until: deadline) { return count.value == 0 }
            }
            return true
        }
    }
}
