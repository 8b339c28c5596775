internal import Glibc

/// How the service's threads stand to each other where there are more of them than processors.
package enum ThreadPriority {
    /// The nice value of threads that compute, between the event loops' 0 and the 19 of what nobody waits for.
    private static let computing: Int32 = 5

    /// Lets the event loops go first: called by a thread that computes for milliseconds at a time, on itself.
    ///
    /// A loop that wakes for a prediction is due at once then. Among equals it would wait until a thread that computes has used up its
    /// slice, some milliseconds, which is many times what the prediction takes. Without contention nothing changes.
    package static func giveWay() {
        // On Linux the value is the thread's own. Where it is forbidden, the threads stay equals.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, computing)
    }
}
