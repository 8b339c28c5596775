internal import Glibc

/// Makes allocations of one thread fail: tests prove that nothing is left half done without memory.
package enum AllocationFault {
    /// The thread's own counter: allocations that still succeed, plus one; null if none shall fail.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        precondition(pthread_key_create(&key, nil) == 0, "a thread has a few values of its own")
        return key
    }()

    /// Fails one allocation of the calling thread, number `index` from now on, counted from 0.
    package static func fail(_ index: Int) { pthread_setspecific(key, UnsafeRawPointer(bitPattern: index + 1)) }

    /// Lets all allocations of the calling thread succeed again.
    ///
    /// - Returns: whether one has failed since `fail`.
    @discardableResult
    package static func heal() -> Bool {
        defer { pthread_setspecific(key, nil) }
        return Int(bitPattern: pthread_getspecific(key)) == -1
    }

    /// Counts an allocation.
    ///
    /// - Returns: whether it must fail.
    static func strikes() -> Bool {
        let left = Int(bitPattern: pthread_getspecific(key))
        guard left > 0 else { return false }
        // −1 stays: the failure has happened.
        pthread_setspecific(key, UnsafeRawPointer(bitPattern: left == 1 ? -1 : left - 1))
        return left == 1
    }
}
