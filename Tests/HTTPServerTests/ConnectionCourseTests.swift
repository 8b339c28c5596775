import Testing

@testable import HTTPServer

/// Every order of events: all states that any number of them can lead to, and from each of these every event once more.
@Suite struct ConnectionCourseTests {
    /// All states that can be reached from a closed connection.
    private static let reachable: [ConnectionState] = {
        var found: Set<ConnectionState> = [ConnectionState()]
        var order = [ConnectionState()]
        var next = 0
        while next < order.count {
            for event in ConnectionEvent.all {
                var state = order[next]
                _ = event.happen(to: &state)
                if found.insert(state).inserted { order.append(state) }
            }
            next += 1
        }
        return order
    }()

    /// Says which of some rules a state breaks, at most for a few states.
    private func check(_ rules: (ConnectionState) -> [String]) {
        var broken = 0
        for state in Self.reachable {
            for rule in rules(state) {
                Issue.record("\(rule): \(state)")
                broken += 1
            }
            if broken > 5 { return }
        }
    }

    @Test func theStatesAreFinite() {
        let count = Self.reachable.count
        #expect(count > 1000 && count < 10_000, "\(count)")
    }

    @Test func statesAreConsistent() {
        check { state in
            var rules: [String] = []
            func expect(_ holds: Bool, _ rule: String) { if !holds { rules.append(rule) } }
            expect(state.isOpen || state == ConnectionState(), "a closed connection remembers nothing")
            expect(state.waiting >= 0 && state.waiting <= ConnectionState.maximumWaiting + 1, "the queue is bounded")
            if case .body(let body, _) = state.phase {
                expect(state.waiting <= 1, "a request with content is alone")
                switch body {
                case .offered, .collected: expect(state.waiting == 0 && !state.isSending, "it begins when all is sent")
                case .streamed: expect(state.waiting == 1 && !state.isSending, "its answer has a place")
                case .discarded: break
                }
            }
            if case .request = state.phase { expect(!state.isSending, "no handler runs while an answer is being sent") }
            if state.phase == .lingering { expect(state.owesNothing, "FIN follows the last answer") }
            expect(!(state.isPeerClosed && state.reads(hasRoom: true)), "nothing is read after the client's FIN")
            if state.isUnanswered { expect(!state.owesNothing, "a request in hand is owed an answer") }
            return rules
        }
    }

    @Test func onlySomePhasesRead() {
        check { state in
            let mayRead: Bool
            switch state.phase {
            case .head, .lingering, .body(.collected, _), .body(.streamed(isPaused: false), _), .body(.discarded, _): mayRead = true
            case .closed, .held, .request, .body, .ended, .broken: mayRead = false
            }
            return state.reads(hasRoom: true) && !mayRead ? ["reads"] : []
        }
    }

    // MARK: Steps

    /// Says which rules a step breaks.
    private func checkSteps(_ rules: (ConnectionState, ConnectionEvent, ConnectionState, ConnectionEvent.Effect) -> [String]) {
        check { before in
            ConnectionEvent.all.flatMap { event in
                var after = before
                let effect = event.happen(to: &after)
                return rules(before, event, after, effect).map { "\($0) (\(event) led to \(after))" }
            }
        }
    }

    /// Answers that are owed and have not begun.
    private static func owed(_ state: ConnectionState) -> Int { state.waiting + (state.isUnanswered ? 1 : 0) }

    @Test func everyRequestIsAnsweredOnceAndInItsTurn() {
        checkSteps { before, event, after, effect in
            var rules: [String] = []
            if effect.answers {
                if before.isSending { rules.append("two answers in flight") }
                var isNext = false
                if case .nextAnswer = event { isNext = true }
                if before.waiting > 0, !isNext { rules.append("an answer overtakes others") }
            }
            var isRefusal = false
            if case .refused = event { isRefusal = before.phase == .head }
            switch event {
            case .closed, .answerEndsConnection: break
            default:
                let begun = (effect.begins || isRefusal ? 1 : 0) - (effect.answers ? 1 : 0)
                if Self.owed(after) != Self.owed(before) + begun { rules.append("an answer is lost or made up") }
            }
            if after.isSending, !before.isSending, event != .transferBegan { rules.append("content out of nothing") }
            return rules
        }
    }

    @Test func endsAreFinal() {
        checkSteps { before, event, after, effect in
            var rules: [String] = []
            if effect.hasClosed != (event == .closed && before.isOpen) { rules.append("closes once") }
            switch before.phase {
            case .closed: if after.isOpen, event != .opened { rules.append("a closed connection lives") }
            case .broken: if after.isOpen, !after.isBroken { rules.append("a broken connection lives") }
            case .lingering: if after.isOpen, !after.isBroken, after.phase != .lingering { rules.append("FIN is taken back") }
            case .ended:
                switch after.phase {
                case .closed, .ended, .lingering, .broken: break
                case .head, .held, .request, .body: rules.append("a request after the last")
                }
            case .head, .held, .request, .body: break
            }
            if effect.begins, before.phase != .head { rules.append("a request begins within another") }
            if before.isPeerClosed, after.isOpen, !after.isPeerClosed { rules.append("the client's FIN is taken back") }
            return rules
        }
    }

    @Test func aConnectionEndsOnlyWhenAllIsSent() {
        checkSteps { before, event, _, effect in
            guard case .settled(_, let hasOutput, _, _) = event, !before.isBroken, effect.action != .wait else { return [] }
            return hasOutput || !before.owesNothing ? ["an answer is cut off"] : []
        }
    }

    // MARK: Courses

    /// Brings what is in hand to its end: handlers answer, content is whole or fails, answers are sent, and a client that is waited for
    /// after FIN goes. Nothing new comes.
    private static func windDown(_ state: inout ConnectionState, contentIsWhole: Bool, isStopping: Bool, isGraceOver: Bool) {
        for _ in 0..<100 {
            state.writable()
            switch state.phase {
            case .request, .body(.offered, _): _ = state.answered(restIsCheap: true)
            case .body(.streamed(isPaused: true), _): _ = state.bodyResumed()
            case .body:
                if contentIsWhole { _ = state.bodyEnded() } else { _ = state.bodyFailed() }
            case .lingering: state.broke()
            case .closed, .head, .held, .ended, .broken: break
            }
            state.transferEnded()
            _ = state.nextAnswer(restIsCheap: true)
            state.flushed(hasOutput: false)
            var action = state.settled(hasInput: false, hasOutput: false, isStopping: isStopping, isGraceOver: isGraceOver)
            if action == .probe { action = state.probed(foundOctets: true) }
            if action == .close { state.closed() }
            guard state.isOpen else { return }
        }
    }

    @Test(arguments: [false, true]) func everyConnectionClosesAfterTheClientsEnd(contentIsWhole: Bool) {
        check { state in
            var state = state
            _ = state.peerClosed()
            Self.windDown(&state, contentIsWhole: contentIsWhole, isStopping: false, isGraceOver: false)
            return state.isOpen ? ["stays open"] : []
        }
    }

    @Test(arguments: [false, true]) func everyConnectionClosesAfterAStop(contentIsWhole: Bool) {
        check { state in
            var state = state
            state.stopRequested()
            Self.windDown(&state, contentIsWhole: contentIsWhole, isStopping: true, isGraceOver: true)
            return state.isOpen ? ["stays open"] : []
        }
    }

    @Test func theLastAnswerAfterAStopSaysThatTheConnectionCloses() {
        check { state in
            guard state.waiting > 0, !state.isUnanswered, !state.isBroken else { return [] }
            var state = state
            state.stopRequested()
            repeat { state.transferEnded() } while state.nextAnswer(restIsCheap: true) != .waits
            return state.closesAfterAnswer ? [] : ["the client expects to be served"]
        }
    }

    @Test func everyBrokenConnectionClosesAtOnce() {
        check { state in
            guard state.isOpen else { return [] }
            var state = state
            state.broke()
            let action = state.settled(hasInput: true, hasOutput: true, isStopping: false, isGraceOver: false)
            return action == .close ? [] : ["stays open"]
        }
    }

    @Test func everyOtherConnectionIsReadyForTheNextRequest() {
        check { state in
            guard !state.isPeerClosed else { return [] }
            switch state.phase {
            case .head, .held, .request(isLast: false), .body(.collected, isLast: false), .body(.streamed, isLast: false),
                .body(.discarded, isLast: false), .body(.offered(awaitsContinue: false), isLast: false):
                var state = state
                Self.windDown(&state, contentIsWhole: true, isStopping: false, isGraceOver: false)
                return state.isQuiescent(hasInput: false, hasOutput: false) && state.reads(hasRoom: true) ? [] : ["is stuck"]
            case .closed, .request, .body, .ended, .lingering, .broken:
                var state = state
                Self.windDown(&state, contentIsWhole: true, isStopping: false, isGraceOver: false)
                return state.isOpen ? ["stays open"] : []
            }
        }
    }
}
