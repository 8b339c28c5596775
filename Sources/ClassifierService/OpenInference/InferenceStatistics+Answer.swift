internal import ModelHost
internal import TensorFormats

extension InferenceStatistics {
    /// Writes one entry of `model_stats`.
    func write(_ name: String, version: Int, to writer: inout JSONWriter) {
        let counts = now
        writer.beginObject()
        writer.member("name", name)
        writer.member("version", decimal: version)
        writer.member("last_inference", counts.last)
        writer.member("inference_count", counts.rows)
        writer.member("execution_count", counts.success.count)
        writer.key("inference_stats")
        writer.beginObject()
        let durations: KeyValuePairs<StaticString, InferenceStatistics.Duration> = [
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
