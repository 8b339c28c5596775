internal import Glibc

/// Counts the memory that one thread allocates for matrices: tests compare estimates with it.
package enum AllocationTally {
    /// The thread's own count; null if nothing is counted.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        precondition(pthread_key_create(&key, nil) == 0, "a thread has a few values of its own")
        return key
    }()

    /// Calls `body` and returns its result with the bytes that this thread has meanwhile allocated, less those that it has freed or
    /// returned to the system.
    package static func count<Result>(_ body: () throws -> Result) rethrows -> (Result, bytes: Int) {
        try withUnsafeTemporaryAllocation(of: Int.self, capacity: 1) { count in
            count[0] = 0
            pthread_setspecific(key, count.baseAddress)
            defer { pthread_setspecific(key, nil) }
            return (try body(), count[0])
        }
    }

    /// Adds an allocation, or takes one off if it is negative.
    static func add(_ bytes: Int) {
        guard let count = pthread_getspecific(key) else { return }
        count.assumingMemoryBound(to: Int.self).pointee += bytes
    }
}
