internal import Concurrency
internal import Foundation

/// Costs of a model's inference requests since the model was created or recovered: the statistics extension.
package final class InferenceStatistics: Sendable {
    /// A count and a total duration.
    package struct Duration: Sendable {
        package var count = 0
        package var nanoseconds = 0

        package init() {}

        fileprivate mutating func add(_ nanoseconds: Int) {
            count += 1
            self.nanoseconds += nanoseconds
        }
    }

    /// All counters.
    package struct Counts: Sendable {
        package var rows = 0
        /// Milliseconds since 1970; 0 before the first.
        package var last = 0
        package var success = Duration()
        package var fail = Duration()
        package var queue = Duration()
        package var input = Duration()
        package var infer = Duration()
        package var output = Duration()
    }

    private let counts = Guarded(Counts())

    /// The counts so far.
    package var now: Counts { counts.withLock { $0 } }

    /// Counts a request that was answered.
    package func add(_ times: InferenceTimes, rows: Int) {
        let now = Int(Date().timeIntervalSince1970 * 1000)
        counts.withLock {
            $0.rows += rows
            $0.last = now
            $0.success.add(times.total)
            $0.queue.add(times.queue)
            $0.input.add(times.input)
            $0.infer.add(times.infer)
            $0.output.add(times.output)
        }
    }

    /// Counts a request that was refused.
    package func addFailure(_ times: InferenceTimes) {
        counts.withLock { $0.fail.add(times.total) }
    }
}
