internal import Concurrency
internal import Foundation
internal import TensorFormats

/// What the inference requests of a model have cost since it was made or recovered: the statistics extension.
final class InferenceStatistics: Sendable {
    /// How often, and how long altogether.
    private struct Duration {
        var count = 0
        var nanoseconds = 0

        mutating func add(_ nanoseconds: Int) {
            count += 1
            self.nanoseconds += nanoseconds
        }
    }

    private struct Counts {
        var rows = 0
        /// Milliseconds since 1970; 0 before the first.
        var last = 0
        var success = Duration()
        var fail = Duration()
        var queue = Duration()
        var input = Duration()
        var infer = Duration()
        var output = Duration()
    }

    private let counts = Guarded(Counts())

    /// Counts a request that was answered.
    func add(_ times: InferenceTimes, rows: Int) {
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
    func addFailure(_ times: InferenceTimes) {
        counts.withLock { $0.fail.add(times.total) }
    }

    /// Writes one entry of `model_stats`.
    func write(_ name: String, version: Int, to writer: inout JSONWriter) {
        let counts = counts.withLock { $0 }
        writer.beginObject()
        writer.member("name", name)
        writer.member("version", decimal: version)
        writer.member("last_inference", counts.last)
        writer.member("inference_count", counts.rows)
        writer.member("execution_count", counts.success.count)
        writer.key("inference_stats")
        writer.beginObject()
        let durations: KeyValuePairs<StaticString, Duration> = [
            "success": counts.success, "fail": counts.fail, "queue": counts.queue, "compute_input": counts.input,
            "compute_infer": counts.infer, "compute_output": counts.output, "cache_hit": Duration(), "cache_miss": Duration(),
        ]
        for (key, duration) in durations {
            writer.key(key)
            writer.beginObject()
            writer.member("count", duration.count)
            writer.member("ns", duration.nanoseconds)
            writer.endObject()
        }
        writer.endObject()
        writer.key("batch_stats")
        writer.beginArray()
        writer.endArray()
        writer.endObject()
    }
}
