import Foundation
import Synchronization

/// A server's signals, noted by a handler and awaited by a thread: SIGTERM and SIGINT stop it, SIGHUP makes it reread its files.
///
/// Blocking them everywhere and calling `sigwait` would not work: OpenBLAS starts its threads while the program is loaded, with nothing
/// blocked, and a signal that came while no thread waits would end the process through one of them.
struct StopSignals {
    private let numbers: [Int32]

    /// Handles the signals. Threads created later do not see them, so their system calls are not interrupted.
    ///
    /// - Parameter takesHangUp: whether to handle SIGHUP; otherwise it ends the process, as expected of a program in a terminal.
    init(takesHangUp: Bool = false) {
        numbers = takesHangUp ? [SIGTERM, SIGINT, SIGHUP] : [SIGTERM, SIGINT]
        var set = set
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // Accessed before a handler can run: a handler must not initialise lazily.
        _ = arrivals
        lastStop.store(0, ordering: .relaxed)
        for number in numbers {
            signal(number) { number in
                if number != SIGHUP { lastStop.store(number, ordering: .relaxed) }
                sem_post(arrivals)
            }
        }
    }

    /// Waits for a signal to stop.
    ///
    /// - Parameter reload: called for each SIGHUP meanwhile.
    /// - Returns: the signal's name.
    func wait(reload: () -> Void = {}) -> String {
        var set = set
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        while true {
            while sem_wait(arrivals) != 0 {}
            switch lastStop.exchange(0, ordering: .relaxed) {
            case 0: reload()
            case SIGINT: return "SIGINT"
            default: return "SIGTERM"
            }
        }
    }

    /// From now on a signal to stop ends the process at once, for an impatient user. The handler itself does so, as no thread may be
    /// available.
    func exitAtTheNext() {
        for number in numbers where number != SIGHUP { signal(number) { _ in _exit(1) } }
        // One that came before that.
        if lastStop.exchange(0, ordering: .relaxed) != 0 { exit(1) }
    }

    private var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        return set
    }
}

/// The last signal to stop that has not been awaited yet; 0 if there is none.
private let lastStop = Atomic<Int32>(0)

/// Counts the signals received. `sem_post` is one of the few calls that a handler may make.
private nonisolated(unsafe) let arrivals: UnsafeMutablePointer<sem_t> = {
    let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    semaphore.initialize(to: sem_t())
    sem_init(semaphore, 0, 0)
    return semaphore
}()
