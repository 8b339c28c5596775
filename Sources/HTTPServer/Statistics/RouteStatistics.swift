package import Concurrency

/// The outcome of the requests of one route and method.
public struct RouteStatistics: Sendable, Equatable {
    /// Requests answered with one status.
    public struct StatusCount: Sendable, Equatable {
        /// The code; 2 to 5 for all codes of that hundred without a name in `Status`.
        public let code: UInt16
        /// How many.
        public internal(set) var requests: UInt64
    }

    /// The method of the requests; nil if it was unknown, or the request malformed.
    public let method: Method?
    /// The route's pattern; nil for requests without a route.
    public let pattern: String?
    /// Requests by status, ascending; only statuses that occurred.
    public internal(set) var statuses: [StatusCount] = []
    /// Requests whose client left before the whole answer was given to the connection.
    public internal(set) var brokenOff: UInt64 = 0
    /// Octets of the answers' content, without chunk framing.
    public internal(set) var responseBytes: UInt64 = 0
    /// From a request's head to its answer's last octet; excludes unanswered requests.
    package internal(set) var durations = DurationCounts()

    init(method: Method?, pattern: String?) {
        self.method = method
        self.pattern = pattern
    }

    /// Whether there was any such request.
    var isUsed: Bool { !statuses.isEmpty || brokenOff > 0 }

    mutating func add(_ count: UInt64, code: UInt16) {
        let place = statuses.firstIndex { $0.code >= code } ?? statuses.count
        if place < statuses.count, statuses[place].code == code {
            statuses[place].requests &+= count
        } else {
            statuses.insert(StatusCount(code: code, requests: count), at: place)
        }
    }
}
