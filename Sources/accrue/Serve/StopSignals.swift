import Foundation
import Synchronization

/// The signals of a server, noted by a handler and waited for by a thread: SIGTERM and SIGINT stop it, SIGHUP makes it read its files
/// again.
///
/// To block them everywhere and call `sigwait` would not do: OpenBLAS starts its threads while the program is loaded, with nothing blocked,
/// and a signal that came while no thread waits would end the process through one of those.
struct StopSignals {
    private let numbers: [Int32]

    /// Takes the signals. Threads made later do not see them, so their system calls are not interrupted.
    ///
    /// - Parameter takesHangUp: whether SIGHUP is taken; else it ends the process, as one expects of a program in a terminal.
    init(takesHangUp: Bool = false) {
        numbers = takesHangUp ? [SIGTERM, SIGINT, SIGHUP] : [SIGTERM, SIGINT]
        var set = set
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // Touched before a handler can run: what is made lazily must not be made in one.
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

    /// From now on a signal to stop ends the process at once: for a user who will not wait. The handler itself does it, as there may be no
    /// thread to be had.
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

/// The last signal to stop that nobody has waited for yet; 0 where there is none.
private let lastStop = Atomic<Int32>(0)

/// Counts the signals that came. `sem_post` is one of the few calls that a handler may make.
private nonisolated(unsafe) let arrivals: UnsafeMutablePointer<sem_t> = {
    let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    semaphore.initialize(to: sem_t())
    sem_init(semaphore, 0, 0)
    return semaphore
}()
