internal import Concurrency
internal import HTTPServer
internal import TensorFormats

/// The history of the server's traffic as it is sent: what a chart draws, at most 121 points.
struct TrafficAnswer: Sendable {
    /// The model whose learned rows are counted; nil counts those of all models.
    let model: String?
    let points: [TrafficPoint]
    /// Learned rows by the points' periods.
    let rows: RecentCounts
    /// When it was asked for, in seconds of the points' clock.
    let now: Double

    var response: Response {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("model")
        if let model { writer.write(model) } else { writer.writeNull() }
        writer.member("interval_seconds", TrafficHistory.interval)
        writer.key("points")
        writer.beginArray()
        for point in points { write(point, to: &writer) }
        writer.endArray()
        writer.endObject()
        let headers = [HeaderField("Cache-Control", "no-store")]
        return Response(.ok, contentType: "application/json", headers: headers, bytes: writer.array)
    }

    private func write(_ point: TrafficPoint, to writer: inout JSONWriter) {
        let traffic = point.traffic
        writer.beginObject()
        writer.member("seconds_ago", Self.microseconds(now - point.end))
        writer.member("seconds", Self.microseconds(point.seconds))
        writer.member("requests_per_second", traffic.map { Double($0.requests) / point.seconds })
        writer.member("learned_rows_per_second", traffic.map { _ in Double(rows[point.period]) / point.seconds })
        writer.member("predict_p50_seconds", traffic?.predict?.median)
        writer.member("predict_p99_seconds", traffic?.predict?.percentile99)
        writer.member("learn_p50_seconds", traffic?.learn?.median)
        writer.member("learn_p99_seconds", traffic?.learn?.percentile99)
        writer.endObject()
    }

    /// Seconds in whole microseconds, for people to read.
    private static func microseconds(_ seconds: Double) -> Double { (seconds * 1e6).rounded() / 1e6 }
}
