internal import Concurrency

/// A period in the history of the server's traffic.
struct TrafficPoint: Sendable, Equatable {
    /// What happened in a period.
    struct Traffic: Sendable, Equatable {
        /// Answered requests.
        let requests: UInt64
        let predict: Latency?
        let learn: Latency?

        init(_ growth: TrafficTotals) {
            requests = growth.requests
            predict = Latency(growth.predict)
            learn = Latency(growth.learn)
        }
    }

    /// Quantiles in seconds.
    struct Latency: Sendable, Equatable {
        let median: Double
        let percentile99: Double

        /// Nil if there was no request.
        init?(_ durations: DurationCounts) {
            guard let median = durations.quantile(0.5), let percentile99 = durations.quantile(0.99) else { return nil }
            (self.median, self.percentile99) = (median, percentile99)
        }
    }

    /// The period's number.
    let period: Int
    /// When it began, in seconds of the history's clock.
    let start: Double
    /// When it ended.
    let end: Double
    /// Nil if nothing was counted: the machine was suspended or overloaded.
    let traffic: Traffic?

    var seconds: Double { end - start }
}
