import Foundation
import Synchronization

/// SIGTERM and SIGINT, noted by a handler and waited for by a thread.
///
/// To block them everywhere and call `sigwait` would not do: OpenBLAS starts its threads while the program is loaded, with nothing blocked,
/// and a signal that came while no thread waits would end the process through one of those.
struct StopSignals {
    /// Takes the signals. Threads made later do not see them, so their system calls are not interrupted.
    init() {
        var set = Self.set
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // Touched before a handler can run: what is made lazily must not be made in one.
        _ = arrivals
        lastArrival.store(0, ordering: .relaxed)
        for number in [SIGTERM, SIGINT] {
            signal(number) { number in
                lastArrival.store(number, ordering: .relaxed)
                sem_post(arrivals)
            }
        }
    }

    /// Waits for one of them.
    ///
    /// - Returns: its name.
    func wait() -> String {
        var set = Self.set
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        while sem_wait(arrivals) != 0 {}
        return lastArrival.load(ordering: .relaxed) == SIGINT ? "SIGINT" : "SIGTERM"
    }

    /// From now on a signal ends the process at once: for a user who will not wait.
    func exitAtTheNext() {
        let copy = self
        Thread.detachNewThread {
            _ = copy.wait()
            exit(1)
        }
    }

    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        return set
    }
}

private let lastArrival = Atomic<Int32>(0)

/// Counts the signals that came. `sem_post` is one of the few calls that a handler may make.
private nonisolated(unsafe) let arrivals: UnsafeMutablePointer<sem_t> = {
    let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    semaphore.initialize(to: sem_t())
    sem_init(semaphore, 0, 0)
    return semaphore
}()
