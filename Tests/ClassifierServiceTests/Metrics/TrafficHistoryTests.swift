import Concurrency
import HTTPServer
import Testing

@testable import ClassifierService

/// The history of traffic, with a clock of the tests' own.
@Suite struct TrafficHistoryTests {
    /// Totals after some requests, and predictions that took so long.
    private func totals(_ requests: UInt64, predict: [Int64] = [], learn: [Int64] = []) -> TrafficTotals {
        var totals = TrafficTotals()
        totals.requests = requests
        for duration in predict { totals.predict.add(nanoseconds: duration) }
        for duration in learn { totals.learn.add(nanoseconds: duration) }
        return totals
    }

    @Test func aServerThatHasJustStartedHasNoPoint() {
        let history = TrafficHistory(at: 100)
        #expect(history.points(totals(0), at: 100).isEmpty)
        #expect(history.points(totals(3), at: 100.9).isEmpty)
    }

    @Test func eachPeriodHasWhatCameInIt() throws {
        var history = TrafficHistory(at: 100)
        let first = totals(10, predict: [2_000_000, 2_000_000])
        history.endPeriod(first, at: 105)
        history.endPeriod(first, at: 110)
        let points = history.points(totals(17, predict: [2_000_000, 2_000_000, 800_000_000], learn: [60_000_000]), at: 112)
        #expect(points.map(\.period) == [0, 1, 2])
        #expect(points.map(\.start) == [100, 105, 110] && points.map(\.end) == [105, 110, 112])
        let traffic = try points.map { try #require($0.traffic) }
        #expect(traffic.map(\.requests) == [10, 0, 7])
        // The middle of the bucket from 1 ms to 2.5 ms.
        #expect(traffic[0].predict?.median == 0.00175)
        #expect(traffic[0].learn == nil && traffic[1].predict == nil && traffic[1].learn == nil)
        // Only what is new counts.
        #expect(traffic[2].predict?.median == 0.75)
        #expect(abs((traffic[2].learn?.median ?? 0) - 0.075) < 1e-12)
    }

    @Test func aQuestionChangesNothing() {
        var history = TrafficHistory(at: 0)
        history.endPeriod(totals(1), at: 5)
        let before = history.points(totals(4), at: 8)
        #expect(history.points(totals(4), at: 8) == before)
        #expect(history.period == 1)
        history.endPeriod(totals(4), at: 10)
        #expect(history.points(totals(4), at: 10).map { $0.traffic?.requests } == [1, 3])
    }

    @Test func tenMinutesAreKeptHoweverOldTheServerIs() throws {
        var history = TrafficHistory(at: 0)
        for period in 1...1000 { history.endPeriod(totals(UInt64(10 * period)), at: 5 * Double(period)) }
        let points = history.points(totals(10_000), at: 5000)
        #expect(points.count == TrafficHistory.capacity)
        #expect(points.first?.start == 4400 && points.last?.end == 5000)
        #expect(points.allSatisfy { $0.traffic?.requests == 10 })
        // The current one comes on top, and the oldest goes when none of it is within ten minutes.
        #expect(history.points(totals(10_008), at: 5004).map(\.start).first == 4400)
        #expect(history.points(totals(10_008), at: 5005).map(\.start).first == 4405)
        #expect(history.points(totals(10_008), at: 5005).count == TrafficHistory.capacity)
        #expect(history.period == 1000)
    }

    @Test func aSuspendedMachineIsAGap() throws {
        var history = TrafficHistory(at: 0)
        history.endPeriod(totals(10), at: 5)
        // Late, as on a busy machine, and then very late.
        history.endPeriod(totals(30), at: 14)
        history.endPeriod(totals(50), at: 100)
        history.endPeriod(totals(55), at: 105)
        let points = history.points(totals(55), at: 105)
        #expect(points.map { $0.traffic?.requests } == [10, 20, nil, 5])
        #expect(points[2].start == 14 && points[2].end == 100)
    }

    @Test func aGapIsAGapWhileItIsTheCurrentPeriodToo() {
        var history = TrafficHistory(at: 0)
        history.endPeriod(totals(10), at: 5)
        #expect(history.points(totals(11), at: 300).map { $0.traffic?.requests } == [10, nil])
    }

    @Test func nothingBeginsWithAGap() {
        var history = TrafficHistory(at: 0)
        history.endPeriod(totals(10), at: 5)
        history.endPeriod(totals(11), at: 4000)
        #expect(history.points(totals(11), at: 4000).isEmpty)
        history.endPeriod(totals(13), at: 4005)
        #expect(history.points(totals(13), at: 4005).map { $0.traffic?.requests } == [2])
    }

    @Test func aClockThatStandsStillEndsNoPeriod() {
        var history = TrafficHistory(at: 7)
        history.endPeriod(totals(10), at: 7)
        history.endPeriod(totals(10), at: 6)
        #expect(history.period == 0)
        history.endPeriod(totals(10), at: 12)
        #expect(history.points(totals(10), at: 12).map { $0.traffic?.requests } == [10])
    }

    /// As when the server stops before its history.
    @Test func totalsThatBeginAnewAreNoTraffic() {
        var history = TrafficHistory(at: 0)
        history.endPeriod(totals(10, learn: [1000]), at: 5)
        history.endPeriod(totals(0), at: 10)
        let points = history.points(totals(2), at: 12)
        #expect(points.map { $0.traffic?.requests } == [10, 0, 2])
        #expect(points[1].traffic?.learn == nil)
    }

    // MARK: Parts

    @Test func quantilesAreThoseOfTheHistogram() {
        var counts = DurationCounts()
        #expect(counts.quantile(0.5) == nil)
        counts.add(nanoseconds: 50_000)
        #expect(counts.quantile(0.5) == 0.00005)
        #expect(counts.quantile(1) == 0.0001)
        for _ in 0..<98 { counts.add(nanoseconds: 7_000_000) }
        counts.add(nanoseconds: 60_000_000_000)
        #expect(counts.quantile(0.01) == 0.0001)
        #expect(abs((counts.quantile(0.5) ?? 0) - (0.005 + 0.005 * 49 / 98)) < 1e-12)
        #expect(counts.quantile(0.99) == 0.01)
        // Beyond all bounds.
        #expect(counts.quantile(0.999) == 10)
    }

    @Test func rowsAreKeptByPeriodAndForgottenInTime() {
        var counts = RecentCounts()
        #expect(counts[0] == 0)
        counts.add(3, in: 5)
        counts.add(4, in: 5)
        counts.add(1, in: 8)
        #expect([4, 5, 6, 7, 8, 9].map { counts[$0] } == [0, 7, 0, 0, 1, 0])
        // A thread that was late.
        counts.add(2, in: 7)
        #expect(counts[7] == 2)
        counts.add(9, in: 8 + RecentCounts.kept)
        #expect((5...8).map { counts[$0] } == [0, 0, 0, 0])
        #expect(counts[8 + RecentCounts.kept] == 9)
        counts.add(1, in: 8)
        #expect(counts[8] == 0 && counts[8 + RecentCounts.kept] == 9)
        counts.add(1, in: 10_000)
        #expect((9_873...10_000).map { counts[$0] }.reduce(0, +) == 1)
        counts.add(1 << 40, in: 10_000)
        #expect(counts[10_000] == Int(UInt32.max))
    }

    @Test func rowsOfAllKeptPeriodsAreKept() { #expect(RecentCounts.kept > TrafficHistory.capacity) }

    @Test func routesOfBothProtocolsCount() throws {
        let service = try TestService()
        let model = ModelClient(service)
        try model.create(#"{"dimension":2}"#)
        try model.learn([[1, 0], [0, 1]], ["a", "b"])
        try model.predict([[1, 0]])
        let body = #"{"inputs":[{"name":"features","shape":[1,2],"datatype":"FP32","data":[1,0]}]}"#
        #expect(try model.client.send("POST", "/v2/models/m/infer", body).status == 200)
        #expect(try model.client.send("POST", model.path + "/unlearn", Bodies.learn([[1, 0]], ["a"])).status == 200)
        #expect(service.wait { service.service.server.statistics.requestsInFlight == 0 })
        let totals = TrafficTotals(service.service.server.routeStatistics)
        #expect(totals.requests == 5)
        #expect(totals.predict.count == 2 && totals.learn.count == 1)
    }
}
