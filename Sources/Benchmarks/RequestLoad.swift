import CommandSupport
internal import Concurrency
import Foundation
import Synchronization

/// Connections that send requests until stopped; each waits for its answer before the next.
final class RequestLoad: Sendable {
    struct Outcome {
        var latencies = Timing()
        var seconds = 0.0
    }

    private struct State {
        var latencies = Timing()
        var running: Int
        var failure: String?
    }

    private let state: Guarded<State>
    private let mustStop = Atomic<Bool>(false)
    private let start = MonotonicClock.now

    /// Starts one thread per connection.
    ///
    /// - Parameters:
    ///   - bodies: sent in turn.
    ///   - interval: the seconds between requests of a connection; nil for no pause. If a slow request delays the next one, that one is
    ///     timed from when it was due.
    init(port: UInt16, path: String, bodies: [[UInt8]], connections: Int, interval: Double?) throws {
        state = Guarded(State(running: connections))
        for index in 0..<connections {
            try Threads.start("load") { [self] in
                do { try run(HTTPClient(host: "127.0.0.1", port: port), path, bodies, index, interval) } catch {
                    state.withLock { $0.failure = "\(error)" }
                }
                state.withLock { $0.running -= 1 }
            }
        }
    }

    private func run(_ client: HTTPClient, _ path: String, _ bodies: [[UInt8]], _ index: Int, _ interval: Double?) throws {
        var latencies = Timing()
        var due = MonotonicClock.now
        var number = index
        while !mustStop.load(ordering: .relaxed) {
            var isLate = false
            if let interval {
                due += interval
                let wait = due - MonotonicClock.now
                isLate = wait <= 0
                if wait > 0 { usleep(UInt32(wait * 1e6)) }
            }
            let sent = isLate ? due : MonotonicClock.now
            let response = try client.send("POST", path, body: bodies[number % bodies.count])
            latencies.add(MonotonicClock.now - sent)
            guard response.status == 200 else { throw BenchError("POST \(path) answered \(response.status): \(response.text.prefix(200))") }
            number += 1
        }
        let all = latencies
        state.withLock { $0.latencies.add(all) }
    }

    /// Stops and waits for the last answers.
    ///
    /// - Throws: `BenchError` if a request failed.
    func finish() throws -> Outcome {
        mustStop.store(true, ordering: .relaxed)
        let seconds = MonotonicClock.now - start
        while state.withLock({ $0.running }) > 0 { usleep(1000) }
        return try state.withLock {
            if let failure = $0.failure { throw BenchError(failure) }
            return Outcome(latencies: $0.latencies, seconds: seconds)
        }
    }
}
