internal import Concurrency
internal import HTTPServer

/// What the server has answered so far, as far as the history of its traffic goes.
struct TrafficTotals: Sendable, Equatable {
    /// Answered requests, to any route.
    var requests: UInt64 = 0
    /// From a request's head to its answer's last octet: predictions, by either protocol.
    var predict = DurationCounts()
    /// The same of learn requests.
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

    /// What came since earlier totals; nothing where these are lower, as after a stop.
    func growth(since earlier: TrafficTotals) -> TrafficTotals {
        var growth = TrafficTotals()
        if requests > earlier.requests { growth.requests = requests - earlier.requests }
        growth.predict = predict.growth(since: earlier.predict)
        growth.learn = learn.growth(since: earlier.learn)
        return growth
    }
}
