package import Concurrency

/// What became of the requests of one route and one method.
public struct RouteStatistics: Sendable, Equatable {
    /// Requests answered with one status.
    public struct StatusCount: Sendable, Equatable {
        /// The code; 2 to 5 for all codes of that hundred which have no name in `Status`.
        public let code: UInt16
        /// How many.
        public internal(set) var requests: UInt64
    }

    /// The method of the requests; nil where it was not known, or the octets were no request.
    public let method: Method?
    /// The route's pattern; nil for requests that reached none.
    public let pattern: String?
    /// Requests by status, ascending; only statuses that there were.
    public internal(set) var statuses: [StatusCount] = []
    /// Requests whose client had gone before the whole answer was given to the connection.
    public internal(set) var brokenOff: UInt64 = 0
    /// Octets of the answers' content, without chunk framing.
    public internal(set) var responseBytes: UInt64 = 0
    /// From a request's head to its answer's last octet; without requests that got no answer.
    package internal(set) var durations = DurationCounts()

    init(method: Method?, pattern: String?) {
        self.method = method
        self.pattern = pattern
    }

    /// Whether there has been such a request.
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
