internal import Concurrency
internal import HTTPServer

/// What the server has answered so far, for the history of its traffic.
struct TrafficTotals: Sendable, Equatable {
    /// Answered requests, to any route.
    var requests: UInt64 = 0
    /// Predictions, by either protocol: from a request's head to its answer's last octet.
    var predict = DurationCounts()
    /// The same for learn requests.
    var learn = DurationCounts()

    init() {}

    /// The sums over the routes of a server.
    init(_ routes: [RouteStatistics]) {
        for route in routes {
            for status in route.statuses { requests &+= status.requests }
            guard let pattern = route.pattern else { continue }
            if pattern.hasSuffix("/learn") {
                learn.add(route.durations)
            } else if pattern.hasSuffix("/predict") || pattern.hasSuffix("/infer") {
                predict.add(route.durations)
            }
        }
    }

    /// The growth since earlier totals; nothing if these are lower, for example after a stop.
    func growth(since earlier: TrafficTotals) -> TrafficTotals {
        var growth = TrafficTotals()
        if requests > earlier.requests { growth.requests = requests - earlier.requests }
        growth.predict = predict.growth(since: earlier.predict)
        growth.learn = learn.growth(since: earlier.learn)
        return growth
    }
}
