package import Glibc

/// A lock with one condition variable, on pthreads and the monotonic clock.
///
/// Foundation's condition uses calendar time, and traps on dates in the distant future.
package final class Monitor: @unchecked Sendable {
    // Sendable: both objects are made for several threads, and never move.
    @usableFromInline let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        condition.initialize(to: pthread_cond_t())
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Calls `body` with the lock held.
    @inlinable package func withLock<R>(_ body: () -> R) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    /// Releases the lock until a signal comes or the deadline passes. Call it with the lock held, and check the condition again afterwards.
    ///
    /// - Parameter deadline: in seconds of `MonotonicClock.now`; nil, infinity or more than a lifetime waits for ever.
    /// - Returns: false if the deadline has passed.
    package func wait(until deadline: Double?) -> Bool {
        guard let deadline, deadline < Self.never else { return pthread_cond_wait(condition, mutex) == 0 }
        let seconds = max(0, deadline)
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
        return pthread_cond_timedwait(condition, mutex, &time) == 0
    }

    /// Some 300,000 years, which fit `tv_sec`.
    private static let never = 1e13

    /// Wakes one waiter.
    package func signal() { pthread_cond_signal(condition) }

    /// Wakes all waiters, if every one of them can continue. Otherwise use `signal`, which wakes one.
    package func broadcast() { pthread_cond_broadcast(condition) }
}
