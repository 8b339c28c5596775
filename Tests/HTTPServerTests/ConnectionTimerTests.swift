import Testing

@testable import HTTPServer

@Suite struct ConnectionTimerTests {
    private let policy = DeadlinePolicy(header: 10_000, body: 20_000, bodyRate: 1000, idle: 60_000, write: 30_000, linger: 5000)

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
        timer.bodyArrived(2500)
        timer.enter(.body, at: 5000)
        #expect(timer.deadline(policy) == 23_500)
        timer.bodyArrived(.max)
        #expect(timer.deadline(policy) != nil, "no amount of content overflows")
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
        timer.writeProgressed(at: 2000)
        #expect(timer.deadline(policy) == 32_000)
        timer.enter(.lingering, at: 3000)
        timer.writeProgressed(at: 4000)
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
