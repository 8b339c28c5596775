import Testing

@testable import HTTPServer

@Suite struct ConnectionTimerTests {
    private let policy = DeadlinePolicy(
        header: 10_000, body: 20_000, bodyRate: 1000, idle: 60_000, write: 30_000, writeRate: 1000, linger: 5000)

    @Test func theFirstHeadIsTimedFromTheAccept() {
        var timer = ConnectionTimer(acceptedAt: 100)
        #expect(timer.deadline(policy) == 10_100)
        timer.enter(.head, at: 9000)
        #expect(timer.deadline(policy) == 10_100, "octets that trickle in must not extend it")
    }

    @Test func laterHeadsAreTimedFromTheirFirstOctet() {
        var timer = ConnectionTimer(acceptedAt: 0)
        timer.headIsComplete(at: 10)
        #expect(timer.deadline(policy) == nil)
        timer.enter(.idle, at: 20)
        #expect(timer.deadline(policy) == 60_020)
        timer.enter(.head, at: 50_000)
        timer.enter(.head, at: 55_000)
        #expect(timer.deadline(policy) == 60_000)
        timer.headIsComplete(at: 56_000)
        timer.enter(.head, at: 56_000)
        #expect(timer.deadline(policy) == 66_000, "a pipelined head has a deadline of its own")
    }

    @Test func idleTimeBeginsAnewWithEveryRequest() {
        var timer = ConnectionTimer(acceptedAt: 0)
        timer.enter(.idle, at: 10)
        timer.enter(.idle, at: 500)
        #expect(timer.deadline(policy) == 60_500)
        #expect(timer.isIdle(since: 500))
        #expect(!timer.isIdle(since: 499))
    }

    @Test func contentEarnsTimeByItsRate() {
        var timer = ConnectionTimer(acceptedAt: 0)
        timer.beginBody(at: 1000)
        timer.enter(.body, at: 1000)
        #expect(timer.deadline(policy) == 21_000)
        timer.bodyArrived(2500, at: 5000, policy)
        timer.enter(.body, at: 5000)
        #expect(timer.deadline(policy) == 23_500)
        timer.bodyArrived(.max, at: 5000, policy)
        #expect(timer.deadline(policy) == 25_000, "no amount of content overflows")
    }

    @Test func contentThatCameFastPaysForNoLongerStall() {
        var timer = ConnectionTimer(acceptedAt: 0)
        timer.beginBody(at: 0)
        timer.enter(.body, at: 0)
        timer.bodyArrived(1 << 30, at: 100, policy)
        #expect(timer.deadline(policy) == 20_100)
        timer.pauseBody(at: 200)
        timer.resumeBody(at: 50_000)
        timer.bodyArrived(1 << 30, at: 50_100, policy)
        #expect(timer.deadline(policy) == 70_100)
    }

    @Test func singleOctetsAddUp() {
        var timer = ConnectionTimer(acceptedAt: 0)
        timer.beginBody(at: 0)
        timer.enter(.body, at: 0)
        let slow = DeadlinePolicy(header: 1, body: 20_000, bodyRate: 1024, idle: 1, write: 1, writeRate: 1, linger: 1)
        for _ in 0..<1024 { timer.bodyArrived(1, at: 90_000, slow) }
        #expect(timer.deadline(slow) == 21_000)
    }

    @Test func answersMustBeTakenAtARate() {
        var timer = ConnectionTimer(acceptedAt: 0)
        timer.enter(.writing, at: 0)
        // An octet per second: progress, but not enough.
        for second in 1..<30 {
            timer.writeProgressed(1, at: Int64(second) * 1000, policy)
            timer.enter(.writing, at: Int64(second) * 1000)
        }
        #expect(timer.deadline(policy) == 30_029)
        timer.writeProgressed(1 << 30, at: 29_500, policy)
        #expect(timer.deadline(policy) == 59_500)
        // A client that has taken everything starts over.
        timer.enter(.answering, at: 40_000)
        timer.enter(.writing, at: 100_000)
        #expect(timer.deadline(policy) == 130_000)
    }

    @Test func aPauseOfTheApplicationIsNotTheClients() {
        var timer = ConnectionTimer(acceptedAt: 0)
        timer.beginBody(at: 0)
        timer.enter(.body, at: 0)
        timer.pauseBody(at: 5000)
        #expect(timer.deadline(policy) == nil)
        timer.pauseBody(at: 6000)
        timer.resumeBody(at: 105_000)
        #expect(timer.deadline(policy) == 120_000)
        timer.resumeBody(at: 200_000)
        #expect(timer.deadline(policy) == 120_000)
    }

    @Test func aRequestBeingAnsweredHasNoDeadline() {
        var timer = ConnectionTimer(acceptedAt: 0)
        timer.enter(.answering, at: 5)
        #expect(timer.deadline(policy) == nil)
    }

    @Test func progressExtendsWritingButNotLingering() {
        var timer = ConnectionTimer(acceptedAt: 0)
        timer.enter(.writing, at: 100)
        timer.writeProgressed(1500, at: 2000, policy)
        #expect(timer.deadline(policy) == 31_600)
        timer.enter(.lingering, at: 3000)
        timer.writeProgressed(1500, at: 4000, policy)
        timer.enter(.lingering, at: 5000)
        #expect(timer.deadline(policy) == 8000)
    }

    @Test func configuredSecondsBecomeMilliseconds() {
        var configuration = ServerConfiguration()
        configuration.headerDeadline = 0.25
        configuration.idleTimeout = 1e-9
        let policy = DeadlinePolicy(configuration)
        #expect(policy.header == 250)
        #expect(policy.idle == 1)
    }
}
