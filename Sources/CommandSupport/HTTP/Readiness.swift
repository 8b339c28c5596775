internal import Concurrency
import Foundation

/// Waits for a descriptor, unless another one ends the wait.
package enum Readiness {
    case ready, timedOut, interrupted

    /// Waits until a descriptor has one of `events`, an error, or its end.
    ///
    /// - Parameters:
    ///   - seconds: the timeout; nil for none.
    ///   - interruption: ends the wait when it becomes readable; -1 for none.
    package static func wait(for events: Int16, of descriptor: Int32, seconds: Double?, or interruption: Int32) -> Readiness {
        let end = seconds.map { MonotonicClock.now + $0 }
        while true {
            var waits = [pollfd(fd: descriptor, events: events, revents: 0), pollfd(fd: interruption, events: Int16(POLLIN), revents: 0)]
            let rest = end.map { Int32(min(max(0, ($0 - MonotonicClock.now) * 1000).rounded(.up), 1e9)) } ?? -1
            let count = poll(&waits, 2, rest)
            if count < 0, errno == EINTR { continue }
            if count == 0 { return .timedOut }
            // Interruption takes precedence over data.
            if waits[1].revents != 0 { return .interrupted }
            return .ready
        }
    }
}
