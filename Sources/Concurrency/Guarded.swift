package import Glibc

/// A value behind a lock.
///
/// Like `Synchronization.Mutex`, but on pthreads: on Linux the standard library's lock is not instrumented for the thread sanitizer, which
/// then reports every access as a race. It understands this one, so a clean run means something.
package final class Guarded<Value>: @unchecked Sendable {
    // Sendable: only `withLock` accesses `value`, under the lock, and what goes in and out is `sending` or Sendable.
    @usableFromInline let lock: UnsafeMutablePointer<pthread_mutex_t>
    @usableFromInline var value: Value

    /// A value with no other owner.
    package init(_ value: sending Value) {
        self.value = value
        lock = .allocate(capacity: 1)
        lock.initialize(to: pthread_mutex_t())
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    // Inlinable: event loops call it, and must not allocate for another module's type.
    /// Calls `body` with exclusive access to the value. `body` must not call `withLock` of the same object.
    @inlinable package func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body(&value)
    }
}
