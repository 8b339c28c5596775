internal import ModelHost
internal import TensorFormats

/// The part of a model's details about its files, its queue and its last refresh of balanced weights.
struct ActivityAnswer: Sendable {
    let activity: ModelActivity
    let files: FileActivity?
    /// Requests waiting for the worker.
    let queueDepth: Int
    /// Seconds since 1970.
    let now: Double

    init(_ details: ModelDetails) {
        activity = details.activity
        files = details.files
        queueDepth = details.queueDepth
        now = details.time
    }

    /// Writes the members.
    func write(to writer: inout JSONWriter) {
        writer.key("log_bytes")
        write(files?.logBytes, to: &writer)
        writer.key("checkpoint_version")
        write(files?.checkpoint.version, to: &writer)
        writer.key("checkpoint_age_seconds")
        if let time = files?.checkpoint.time { writer.write(age(time)) } else { writer.writeNull() }
        writer.member("queue_depth", queueDepth)
        writer.member("unseen_rows", activity.unseenRows)
        writer.key("last_rebalance")
        guard let rebalance = activity.lastRebalance else { return writer.writeNull() }
        writer.beginObject()
        writer.member("version", rebalance.version)
        writer.member("age_seconds", age(rebalance.time))
        writer.member("seconds", rebalance.seconds)
        writer.endObject()
    }

    private func write(_ value: Int?, to writer: inout JSONWriter) {
        if let value { writer.write(value) } else { writer.writeNull() }
    }

    /// Rounded to milliseconds; never negative, even if the clock is set back.
    private func age(_ time: Double) -> Double { max(0, ((now - time) * 1000).rounded() / 1000) }
}
