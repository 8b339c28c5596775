internal import Concurrency

/// One event loop's counts of requests, by route and status. Counting neither allocates nor blocks.
final class RequestCounters: Sendable {
    /// The counters of one route: requests by status, aborted ones, octets, and durations.
    private enum Field {
        /// Named statuses, plus one for each class of unnamed ones.
        static let statuses = Status.named.count + 4
        static let brokenOff = statuses
        static let bytes = statuses + 1
        static let nanoseconds = statuses + 2
        static let buckets = statuses + 3
        static let count = buckets + DurationCounts.bucketCount
    }

    private let routeCount: Int
    private let counters: CounterBlock
    /// Requests begun, then requests ended.
    private let flow = CounterBlock(count: 2)

    init(routeCount: Int) {
        self.routeCount = routeCount
        counters = CounterBlock(count: (2 * routeCount + Method.allCases.count + 1) * Field.count)
    }

    // MARK: Slots

    /// The slot of a route; HEAD requests answered by a GET route have their own.
    func slot(_ route: Int, isHead: Bool) -> Int { 2 * route + (isHead ? 1 : 0) }

    /// The slot of requests without a route; nil for an unknown method or a malformed request.
    func slot(withoutRoute method: Method?) -> Int { 2 * routeCount + (method.map { Int($0.rawValue) } ?? Method.allCases.count) }

    // MARK: Counting

    /// A request's head is complete.
    func begin() { flow.add(1, to: 0) }

    /// A request is finished.
    ///
    /// - Parameters:
    ///   - slot: the slot to count it in.
    ///   - status: nil if the client left before there was one.
    ///   - bytes: octets of the answer's content.
    ///   - nanoseconds: from the head to the answer's last octet.
    ///   - isComplete: whether the whole answer has been given to the connection.
    func end(_ slot: Int, _ status: Status?, bytes: Int, nanoseconds: Int64, isComplete: Bool) {
        flow.add(1, to: 1)
        let base = slot * Field.count
        if let status { counters.add(1, to: base + Self.index(of: status)) }
        if !isComplete { counters.add(1, to: base + Field.brokenOff) }
        counters.add(UInt64(max(0, bytes)), to: base + Field.bytes)
        guard status != nil else { return }
        counters.add(UInt64(max(0, nanoseconds)), to: base + Field.nanoseconds)
        counters.add(1, to: base + Field.buckets + DurationCounts.bucket(of: nanoseconds))
    }

    private static func index(of status: Status) -> Int {
        let place = Int(places[Int(status.code) - 200])
        return place < Status.named.count ? place : Status.named.count + Int(status.code) / 100 - 2
    }

    /// Each code's index among the named statuses; past their end if it has no name.
    private static let places: [UInt8] = {
        var places = [UInt8](repeating: .max, count: 400)
        for (place, status) in Status.named.enumerated() { places[Int(status.code) - 200] = UInt8(place) }
        return places
    }()

    // MARK: Reading

    /// Requests with a complete head but an incomplete answer.
    var inFlight: Int {
        // Ends first: otherwise a request that ends meanwhile could count as ended but not begun.
        let ended = flow[1]
        return Int(clamping: flow[0] &- ended)
    }

    /// Adds this loop's counts of one slot.
    func add(_ slot: Int, to statistics: inout RouteStatistics) {
        let base = slot * Field.count
        for place in 0..<Field.statuses {
            let count = counters[base + place]
            guard count > 0 else { continue }
            let known = place < Status.named.count
            let code = known ? Status.named[place].code : UInt16(place - Status.named.count + 2)
            statistics.add(count, code: code)
        }
        statistics.brokenOff &+= counters[base + Field.brokenOff]
        statistics.responseBytes &+= counters[base + Field.bytes]
        statistics.durations.nanoseconds &+= counters[base + Field.nanoseconds]
        for bucket in 0..<DurationCounts.bucketCount {
            statistics.durations.buckets[bucket] &+= counters[base + Field.buckets + bucket]
        }
    }
}
