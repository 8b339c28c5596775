internal import HTTPServer

/// The metrics of the HTTP server: requests by route, method and status.
struct ServerMetrics {
    let routes: [RouteStatistics]
    let statistics: Server.Statistics

    init(_ server: Server) {
        routes = server.routeStatistics
        statistics = server.statistics
    }

    /// Writes all of them.
    func write(to text: inout MetricsText) {
        text.family("accrue_http_requests_total", .counter, "Answered requests, by the pattern of their route.")
        for route in routes {
            for status in route.statuses {
                // All unnamed codes of a hundred share one label.
                let code = status.code < 10 ? "\(status.code)xx" : "\(status.code)"
                text.sample(Self.labels(route) + [("code", code)], status.requests)
            }
        }
        text.family("accrue_http_request_duration_seconds", .histogram, "Time from a request's head to the last octet of its answer.")
        for route in routes { text.histogram(Self.labels(route), route.durations) }
        text.family("accrue_http_response_bytes_total", .counter, "Octets of answers without their heads.")
        for route in routes { text.sample(Self.labels(route), route.responseBytes) }
        text.family("accrue_http_requests_broken_off_total", .counter, "Requests whose client disconnected before the end of the answer.")
        for route in routes { text.sample(Self.labels(route), route.brokenOff) }
        text.family("accrue_http_requests_in_flight", .gauge, "Requests being answered, including event streams.")
        text.sample(statistics.requestsInFlight)
        text.family("accrue_http_open_connections", .gauge, "Open connections.")
        text.sample(statistics.openConnections)
        text.family("accrue_http_connections_accepted_total", .counter, "Accepted connections.")
        text.sample(statistics.acceptedConnections)
        text.family("accrue_http_body_memory_bytes", .gauge, "Memory held by the contents of requests.")
        text.sample(statistics.bodyMemory)
        text.family("accrue_http_answer_memory_bytes", .gauge, "Memory held by answers that are not fully sent.")
        text.sample(statistics.answerMemory)
    }

    /// Requests that reached no route have an empty one; an unknown method is `other`.
    private static func labels(_ route: RouteStatistics) -> [MetricsText.Label] {
        [("route", route.pattern ?? ""), ("method", route.method?.name.description ?? "other")]
    }
}
