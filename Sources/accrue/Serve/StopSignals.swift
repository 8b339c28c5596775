import Foundation

/// SIGTERM and SIGINT, taken by a thread that waits for them instead of by a handler.
///
/// Must be made before any other thread, which inherits that the signals are blocked.
struct StopSignals {
    private var set = sigset_t()

    init() {
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for one of them.
    ///
    /// - Returns: its name.
    func wait() -> String {
        var set = set
        var signal: Int32 = 0
        while sigwait(&set, &signal) != 0 {}
        return signal == SIGINT ? "SIGINT" : "SIGTERM"
    }

    /// From now on a signal ends the process at once: for a user who will not wait.
    func exitAtTheNext() {
        let copy = self
        Thread.detachNewThread {
            _ = copy.wait()
            exit(1)
        }
    }
}
