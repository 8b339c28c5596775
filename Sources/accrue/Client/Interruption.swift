import CommandSupport
import Foundation
import Synchronization

/// SIGINT and SIGTERM for a command that has something to finish: the first signal asks it to stop, the second one, or a timeout, to give
/// up.
///
/// Two pipes become readable and stay so, because waits for a file or a socket can include them.
final class Interruption: Sendable {
    /// The instance of this process. It handles the signals from its first use.
    static let shared = Interruption()

    /// Readable from the first signal on.
    let stopDescriptor: Int32
    /// Readable from the second signal on, or after the timeout.
    let abandonDescriptor: Int32

    private init() {
        (stopDescriptor, abandonDescriptor) = (stopPipe.read, abandonPipe.read)
        // Accessed before a handler can run: a handler must not initialise lazily.
        signalNumber.store(0, ordering: .relaxed)
        _ = patience
        for number in [SIGINT, SIGTERM] {
            Foundation.signal(number) { number in
                // Only async-signal-safe calls: an atomic, `write`, and `alarm`.
                let isFirst = signalNumber.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged
                _ = write(isFirst ? stopPipe.write : abandonPipe.write, "!", 1)
                if isFirst { _ = alarm(patience) }
            }
        }
        // A system timer, not a sleeping thread: there may be no thread available.
        Foundation.signal(SIGALRM) { _ in _ = write(abandonPipe.write, "!", 1) }
    }

    /// The first signal; nil before.
    var signal: Int32? {
        let number = signalNumber.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    var isStopping: Bool { signal != nil }

    /// - Throws: `Interrupted` from the first signal on.
    func check() throws(Interrupted) {
        if let signal { throw Interrupted(signal: signal) }
    }

    /// Sleeps, unless a signal comes.
    ///
    /// - Throws: `Interrupted`.
    func sleep(_ seconds: Double) throws(Interrupted) {
        _ = Readiness.wait(for: 0, of: -1, seconds: seconds, or: stopDescriptor)
        try check()
    }
}

/// Seconds that requests under way may take after the first signal.
private let patience: UInt32 = 10
private let signalNumber = Atomic<Int32>(0)
private let stopPipe = SignalPipe()
private let abandonPipe = SignalPipe()

/// A pipe that a signal handler writes to. It is never read, and never full: one byte per signal.
private struct SignalPipe {
    let read: Int32
    let write: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "the system gives no pipe")
        (read, write) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // A held-down key must not block a handler.
        _ = fcntl(write, F_SETFL, O_NONBLOCK)
    }
}
