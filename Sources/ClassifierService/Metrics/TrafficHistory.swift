/// The server's traffic of the last ten minutes, in periods of five seconds.
///
/// It takes totals that only grow and returns their growth. It is a plain value: its owner supplies the clock, which must also run
/// while the machine is suspended, so that the time shows as a gap.
struct TrafficHistory: Sendable {
    /// Seconds of a period.
    static let interval = 5.0
    /// Seconds kept.
    static let span = 600.0
    /// A period longer than this, in seconds, is a gap: it was not counted in time, so its rates would mislead.
    static let longest = 2 * interval
    /// The current period is shown once it is this long, in seconds: shorter ones have erratic rates.
    static let shortest = 1.0
    /// Periods kept, without the current one.
    static let capacity = Int(span / interval)

    /// The number of the current period.
    private(set) var period = 0
    private var points: [TrafficPoint] = []
    /// When the current period began, and the totals at that moment.
    private var start: Double
    private var totals = TrafficTotals()

    /// A history that begins now, with all totals at 0.
    init(at now: Double) { start = now }

    /// Ends the current period and begins the next.
    ///
    /// - Parameters:
    ///   - totals: what the server has answered so far.
    ///   - now: in seconds.
    /// - Complexity: O(points).
    mutating func endPeriod(_ totals: TrafficTotals, at now: Double) {
        guard now > start else { return }
        if points.count == Self.capacity { points.removeFirst() }
        points.append(currentPoint(totals, at: now))
        (period, start, self.totals) = (period + 1, now, totals)
    }

    /// The periods of the last ten minutes, oldest first, the current one last. The first is never a gap.
    ///
    /// - Parameters: as in `endPeriod`.
    func points(_ totals: TrafficTotals, at now: Double) -> [TrafficPoint] {
        var recent = Array(points.drop { $0.end <= now - Self.span })
        if now - start >= Self.shortest { recent.append(currentPoint(totals, at: now)) }
        return Array(recent.drop { $0.traffic == nil })
    }

    private func currentPoint(_ totals: TrafficTotals, at now: Double) -> TrafficPoint {
        let isGap = now - start > Self.longest
        return TrafficPoint(
            period: period, start: start, end: now, traffic: isGap ? nil : TrafficPoint.Traffic(totals.growth(since: self.totals)))
    }
}
