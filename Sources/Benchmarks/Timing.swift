internal import Concurrency
import Foundation

/// A series of times, in seconds.
struct Timing {
    private var values: [Double] = []

    var count: Int { values.count }

    mutating func add(_ seconds: Double) { values.append(seconds) }

    mutating func add(_ other: Timing) { values += other.values }

    /// Runs `body` and adds the time it took.
    mutating func measure<R>(_ body: () throws -> R) rethrows -> R {
        let start = MonotonicClock.now
        let result = try body()
        values.append(MonotonicClock.now - start)
        return result
    }

    var median: Double { quantile(0.5) }

    /// The smallest value that this share of all values does not exceed; NaN if there are none.
    func quantile(_ share: Double) -> Double {
        guard !values.isEmpty else { return .nan }
        let sorted = values.sorted()
        return sorted[min(sorted.count - 1, max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1))]
    }

    /// Runs all bodies in turn, repeatedly, for some seconds and at least three times: a drift in the machine's speed affects all of them.
    ///
    /// Between bodies it waits until the library's helper threads, which spin for a while after a call, are asleep: they would take a core
    /// from the next measurement.
    static func interleave(seconds: Double, _ bodies: [() throws -> Void]) throws -> [Timing] {
        var timings = bodies.map { _ in Timing() }
        for body in bodies { try body() }
        let end = MonotonicClock.now + seconds
        var rounds = 0
        repeat {
            for (index, body) in bodies.enumerated() {
                waitForQuiet()
                try timings[index].measure(body)
            }
            rounds += 1
        } while MonotonicClock.now < end || rounds < 3
        return timings
    }

    /// Waits until the process has used hardly any processor time for a while; at most a second.
    private static func waitForQuiet() {
        for _ in 0..<50 {
            let before = ProcessorClock.now
            usleep(20_000)
            if ProcessorClock.now - before < 0.002 { return }
        }
    }
}
