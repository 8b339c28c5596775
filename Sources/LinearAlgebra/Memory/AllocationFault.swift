internal import Glibc

/// Lets the allocations of one thread fail, to prove in tests that nothing is left half done where there is no memory.
package enum AllocationFault {
    /// The thread's own counter: how many allocations still succeed, plus one; none where nothing is to fail.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        precondition(pthread_key_create(&key, nil) == 0, "a thread has a few values of its own")
        return key
    }()

    /// Fails the calling thread's allocation of this number, counted from now on and from 0, and no other.
    package static func fail(_ index: Int) { pthread_setspecific(key, UnsafeRawPointer(bitPattern: index + 1)) }

    /// Lets all allocations of the calling thread succeed.
    ///
    /// - Returns: whether one has failed since `fail`.
    @discardableResult
    package static func heal() -> Bool {
        defer { pthread_setspecific(key, nil) }
        return Int(bitPattern: pthread_getspecific(key)) == -1
    }

    /// Counts an allocation.
    ///
    /// - Returns: whether it is to fail.
    static func strikes() -> Bool {
        let left = Int(bitPattern: pthread_getspecific(key))
        guard left > 0 else { return false }
        // −1 stays: it has happened.
        pthread_setspecific(key, UnsafeRawPointer(bitPattern: left == 1 ? -1 : left - 1))
        return left == 1
    }
}
