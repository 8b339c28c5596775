import Testing

@testable import HTTPServer

@Suite struct ConnectionStateTests {
    private static func open() -> ConnectionState {
        var state = ConnectionState()
        state.opened()
        return state
    }

    /// A connection with a request that has begun.
    private static func begun(hasBody: Bool = false, isLast: Bool = false) -> ConnectionState {
        var state = open()
        _ = state.headParsed(hasBody: hasBody, mayJoin: true, isLast: isLast)
        return state
    }

    private static func streaming(isLast: Bool = false) -> ConnectionState {
        var state = begun(hasBody: true, isLast: isLast)
        state.bodyOffered(awaitsContinue: false)
        _ = state.handlerReturned(takesBody: true, restIsCheap: true)
        return state
    }

    private func settle(_ state: inout ConnectionState, isStopping: Bool = false, isGraceOver: Bool = false) -> ConnectionState.Action {
        state.flushed(hasOutput: false)
        return state.settled(hasInput: false, hasOutput: false, isStopping: isStopping, isGraceOver: isGraceOver)
    }

    // MARK: Keep-alive and pipelining

    @Test func aKeptConnectionTakesOneRequestAfterAnother() {
        var state = Self.open()
        for _ in 0..<3 {
            #expect(state.intake(hasRoom: true) == .head)
            #expect(state.headParsed(hasBody: false, mayJoin: false, isLast: false) == true)
            #expect(state.isUnanswered && !state.owesNothing)
            #expect(state.answered(restIsCheap: true) == .begins)
            #expect(!state.closesAfterAnswer)
            #expect(state.handlerReturned(takesBody: false, restIsCheap: true) == .isAnswered)
            #expect(settle(&state) == .wait)
        }
        #expect(state == Self.open())
    }

    @Test func theLastRequestClosesTheConnection() {
        var state = Self.begun(isLast: true)
        #expect(state.answered(restIsCheap: true) == .begins)
        #expect(state.closesAfterAnswer)
        #expect(state.intake(hasRoom: true) == .refuse)
        #expect(state.settled(hasInput: false, hasOutput: true, isStopping: false, isGraceOver: false) == .wait)
        #expect(settle(&state) == .close)
        #expect(state.closed() == true)
        #expect(state.closed() == false)
    }

    @Test func pipelinedAnswersKeepTheirOrder() {
        var state = Self.begun()
        #expect(state.handlerReturned(takesBody: false, restIsCheap: true) == .isDeferred)
        #expect(state.headParsed(hasBody: false, mayJoin: true, isLast: false) == true)
        #expect(state.answered(restIsCheap: true) == .waits)
        #expect(state.waiting == 2)
        #expect(state.nextAnswer(restIsCheap: true) == .begins)
        state.transferBegan()
        #expect(state.nextAnswer(restIsCheap: true) == .waits, "one answer is in flight")
        #expect(state.intake(hasRoom: true) == .later)
        state.transferEnded()
        #expect(state.nextAnswer(restIsCheap: true) == .begins)
        #expect(settle(&state) == .wait)
        #expect(state.intake(hasRoom: true) == .head)
    }

    @Test(arguments: [(true, true), (false, false)]) func aRequestThatChangesSomethingWaitsForThoseBefore(hasBody: Bool, mayJoin: Bool) {
        var state = Self.begun()
        _ = state.handlerReturned(takesBody: false, restIsCheap: true)
        #expect(state.headParsed(hasBody: hasBody, mayJoin: mayJoin, isLast: false) == false)
        #expect(state.phase == .held)
        #expect(state.intake(hasRoom: true) == .later)
        #expect(settle(&state) == .wait)
        #expect(state.phase == .held)
        #expect(state.nextAnswer(restIsCheap: true) == .begins)
        state.flushed(hasOutput: true)
        #expect(state.phase == .held)
        state.flushed(hasOutput: false)
        #expect(state.headParsed(hasBody: hasBody, mayJoin: mayJoin, isLast: false) == true)
    }

    @Test func pipelinedRequestsAreLimited() {
        var state = Self.open()
        for _ in 0..<ConnectionState.maximumWaiting {
            #expect(state.headParsed(hasBody: false, mayJoin: true, isLast: false) == true)
            _ = state.handlerReturned(takesBody: false, restIsCheap: true)
        }
        #expect(state.intake(hasRoom: true) == .later)
        #expect(!state.reads(hasRoom: true))
        _ = state.nextAnswer(restIsCheap: true)
        #expect(state.intake(hasRoom: true) == .head)
        #expect(state.intake(hasRoom: false) == .later)
    }

    @Test func anAnswerWithoutLengthDropsThoseBehindIt() {
        var state = Self.begun()
        _ = state.handlerReturned(takesBody: false, restIsCheap: true)
        _ = state.headParsed(hasBody: false, mayJoin: true, isLast: false)
        _ = state.answered(restIsCheap: true)
        #expect(state.nextAnswer(restIsCheap: true) == .begins)
        state.answerEndsConnection()
        #expect(state.closesAfterAnswer)
        state.transferBegan()
        #expect(settle(&state) == .wait)
        state.transferEnded()
        #expect(settle(&state) == .close)
    }

    // MARK: Content

    @Test func collectedContentBringsTheRequestBack() {
        var state = Self.begun(hasBody: true)
        state.bodyCollected()
        #expect(state.isUnanswered)
        #expect(state.intake(hasRoom: false) == .body, "content needs no room for an answer")
        #expect(state.bodyEnded() == .collected)
        #expect(state.phase == .request(isLast: false))
        #expect(state.answered(restIsCheap: true) == .begins)
        #expect(state == Self.open())
    }

    @Test func aConsumerMayPause() {
        var state = Self.streaming()
        #expect(state.bodyResumed() == false)
        state.bodyPaused()
        #expect(!state.reads(hasRoom: true))
        #expect(state.bodyResumed() == true)
        #expect(state.reads(hasRoom: true))
        state.bodyPaused()
        #expect(state.bodyEnded() == .streamed(isPaused: true))
        #expect(state.waiting == 1)
        #expect(state.intake(hasRoom: true) == .head)
    }

    @Test func continueIsSentOnceTheContentIsWanted() {
        for awaits in [false, true] {
            var state = Self.begun(hasBody: true)
            state.bodyOffered(awaitsContinue: awaits)
            #expect(state.handlerReturned(takesBody: true, restIsCheap: true) == .streams(sendsContinue: awaits))
        }
    }

    @Test(arguments: [false, true]) func anEarlyAnswerWithoutContinueEndsTheConnection(isDeferred: Bool) {
        var state = Self.begun(hasBody: true)
        state.bodyOffered(awaitsContinue: true)
        if isDeferred {
            #expect(state.handlerReturned(takesBody: false, restIsCheap: true) == .abandonsBody)
            #expect(state.nextAnswer(restIsCheap: true) == .begins)
        } else {
            #expect(state.answered(restIsCheap: true) == .abandonsBody)
        }
        #expect(state.closesAfterAnswer)
        #expect(settle(&state) == .sayGoodbye)
    }

    @Test func theCheapRestOfARefusedBodyIsDiscarded() {
        var state = Self.begun(hasBody: true)
        state.bodyOffered(awaitsContinue: false)
        #expect(state.answered(restIsCheap: true) == .abandonsBody)
        #expect(!state.closesAfterAnswer)
        #expect(state.body == .discarded)
        #expect(settle(&state) == .wait)
        #expect(state.bodyEnded() == .discarded)
        #expect(state == Self.open())
    }

    @Test(arguments: [(false, false), (true, true)]) func otherRefusedBodiesEndTheConnection(isLast: Bool, restIsCheap: Bool) {
        var state = Self.begun(hasBody: true, isLast: isLast)
        state.bodyOffered(awaitsContinue: false)
        #expect(state.answered(restIsCheap: restIsCheap) == .abandonsBody)
        #expect(state.closesAfterAnswer)
        #expect(settle(&state) == .sayGoodbye, "the client is still sending: closing at once could destroy the answer")
        #expect(state.reads(hasRoom: false))
        #expect(state.timedOut(.lingering, hasInput: false) == .close)
        #expect(settle(&state) == .close)
    }

    @Test func aDiscardedBodyHasALimit() {
        var state = Self.begun(hasBody: true)
        state.bodyOffered(awaitsContinue: false)
        _ = state.answered(restIsCheap: true)
        state.discardedTooMuch()
        #expect(settle(&state) == .sayGoodbye)
    }

    @Test func anAnswerBeforeTheContentIsWholeAbandonsIt() {
        var state = Self.streaming()
        state.bodyPaused()
        #expect(state.nextAnswer(restIsCheap: true) == .abandonsBody)
        #expect(state.body == .discarded)
        #expect(state.reads(hasRoom: true))
    }

    @Test func failedContentIsAnsweredOnce() {
        var collected = Self.begun(hasBody: true)
        collected.bodyCollected()
        #expect(collected.bodyFailed() == .collected)
        #expect(collected.closesAfterAnswer)
        #expect(settle(&collected) == .sayGoodbye)
        var streamed = Self.streaming()
        #expect(streamed.bodyFailed() == .streamed(isPaused: false))
        #expect(settle(&streamed) == .wait, "its answer may come later")
        #expect(streamed.nextAnswer(restIsCheap: true) == .begins)
        #expect(streamed.closesAfterAnswer)
        #expect(settle(&streamed) == .sayGoodbye)
        #expect(streamed.bodyFailed() == nil)
    }

    @Test func discardedContentThatFailsEndsTheConnectionAfterItsAnswer() {
        var state = Self.begun(hasBody: true)
        state.bodyOffered(awaitsContinue: false)
        _ = state.answered(restIsCheap: true)
        state.transferBegan()
        #expect(state.bodyFailed() == .discarded)
        #expect(settle(&state) == .wait)
        state.transferEnded()
        #expect(settle(&state) == .sayGoodbye)
    }

    @Test func octetsThatAreNoRequestEndTheConnection() {
        var state = Self.begun()
        _ = state.handlerReturned(takesBody: false, restIsCheap: true)
        #expect(state.refused() == .waits)
        #expect(!state.closesAfterAnswer)
        #expect(state.nextAnswer(restIsCheap: true) == .begins)
        #expect(!state.closesAfterAnswer)
        #expect(state.nextAnswer(restIsCheap: true) == .begins)
        #expect(state.closesAfterAnswer)
        #expect(settle(&state) == .sayGoodbye)
    }

    // MARK: The client's end

    @Test func aHalfClosedClientGetsItsAnswers() {
        var state = Self.begun()
        _ = state.handlerReturned(takesBody: false, restIsCheap: true)
        #expect(state.peerClosed() == false)
        #expect(!state.reads(hasRoom: true))
        #expect(settle(&state) == .wait)
        #expect(state.nextAnswer(restIsCheap: true) == .begins)
        #expect(state.settled(hasInput: false, hasOutput: true, isStopping: false, isGraceOver: false) == .wait)
        #expect(settle(&state) == .close)
    }

    @Test func anEndWithinContentFailsIt() {
        var state = Self.begun(hasBody: true)
        state.bodyCollected()
        #expect(state.peerClosed() == true)
        #expect(state.bodyFailed() == .collected)
        #expect(settle(&state) == .close, "nothing more can come: there is no need to linger")
    }

    @Test func aConnectionBreaksWithWhatItOwes() {
        var state = Self.begun(hasBody: true)
        state.bodyCollected()
        state.broke()
        #expect(state.isUnanswered)
        #expect(state.intake(hasRoom: true) == .later)
        #expect(settle(&state) == .close)
    }

    @Test func unreadOctetsAreLookedForBeforeClosing() {
        for found in [false, true] {
            var state = Self.begun(isLast: true)
            state.received(all: false)
            _ = state.answered(restIsCheap: true)
            #expect(settle(&state) == .probe)
            #expect(state.probed(foundOctets: found) == (found ? .sayGoodbye : .close))
            #expect(state.phase == (found ? .lingering : .broken(isUnanswered: false)))
        }
    }

    // MARK: Time

    @Test func deadlines() {
        var state = Self.open()
        #expect(state.timedOut(.answering, hasInput: true) == .nothing)
        #expect(state.timedOut(.head, hasInput: true) == .refuseHead)
        #expect(state.timedOut(.body, hasInput: false) == .failBody)
        #expect(state == Self.open())
        for (awaited, hasInput) in [(ConnectionTimer.Phase.head, false), (.idle, false), (.writing, true), (.lingering, true)] {
            var state = Self.open()
            #expect(state.timedOut(awaited, hasInput: hasInput) == .close)
            #expect(state.isBroken)
        }
    }

    @Test func whatIsAwaited() {
        var state = Self.open()
        func awaited(_ input: Bool = false, _ output: Bool = false, fresh: Bool = false) -> ConnectionTimer.Phase {
            state.awaited(hasInput: input, hasOutput: output, isFresh: fresh)
        }
        #expect(awaited(fresh: true) == .head)
        #expect(awaited() == .idle)
        #expect(awaited(true) == .head)
        #expect(awaited(true, true) == .answering)
        state.writeBlocked()
        #expect(awaited(true, true) == .writing)
        state.writable()
        _ = state.headParsed(hasBody: true, mayJoin: true, isLast: false)
        #expect(awaited() == .answering)
        state.bodyCollected()
        #expect(awaited() == .body)
        _ = state.bodyFailed()
        _ = settle(&state)
        #expect(awaited() == .lingering)
    }

    // MARK: Stopping

    @Test func aStopEndsTheConnectionWithTheAnswerInHand() {
        var state = Self.begun()
        _ = state.handlerReturned(takesBody: false, restIsCheap: true)
        state.stopRequested()
        #expect(state.nextAnswer(restIsCheap: true) == .begins)
        #expect(state.closesAfterAnswer)
        #expect(settle(&state, isStopping: true) == .probe, "a request may be on its way that closing would answer with RST")
        #expect(state.probed(foundOctets: false) == .close)
    }

    @Test func aStopLetsContentArrive() {
        var state = Self.begun(hasBody: true)
        state.bodyCollected()
        state.stopRequested()
        #expect(settle(&state, isStopping: true, isGraceOver: true) == .wait)
        #expect(state.bodyEnded() == .collected)
        #expect(state.answered(restIsCheap: true) == .begins)
        #expect(state.closesAfterAnswer)
    }

    @Test func anIdleConnectionHasTheGraceForOneMoreRequest() {
        var state = Self.open()
        state.stopRequested()
        #expect(settle(&state, isStopping: true) == .wait)
        #expect(state.headParsed(hasBody: false, mayJoin: true, isLast: true) == true)
        _ = state.answered(restIsCheap: true)
        #expect(state.closesAfterAnswer)
        var idle = Self.open()
        idle.stopRequested()
        let withInput = idle.settled(hasInput: true, hasOutput: false, isStopping: true, isGraceOver: true)
        #expect(withInput == .wait, "half a request has until the deadline")
        #expect(settle(&idle, isStopping: true, isGraceOver: true) == .close)
    }

    @Test func aSecondStopChangesNothing() {
        for state in [Self.open(), Self.begun(), Self.streaming(), Self.streaming(isLast: true)] {
            var once = state
            once.stopRequested()
            var twice = once
            twice.stopRequested()
            #expect(once == twice)
        }
    }

    @Test func aStopFindsDiscardedContent() {
        var answered = Self.begun(hasBody: true)
        answered.bodyOffered(awaitsContinue: false)
        _ = answered.answered(restIsCheap: true)
        answered.stopRequested()
        #expect(settle(&answered, isStopping: true, isGraceOver: true) == .wait)
        #expect(answered.bodyEnded() == .discarded)
        #expect(settle(&answered, isStopping: true) == .wait)
        #expect(settle(&answered, isStopping: true, isGraceOver: true) == .close)

        var deferred = Self.begun(hasBody: true)
        deferred.bodyOffered(awaitsContinue: false)
        #expect(deferred.handlerReturned(takesBody: false, restIsCheap: true) == .abandonsBody)
        deferred.stopRequested()
        #expect(deferred.nextAnswer(restIsCheap: true) == .begins)
        #expect(deferred.closesAfterAnswer)
        #expect(settle(&deferred, isStopping: true) == .sayGoodbye)
    }
}
