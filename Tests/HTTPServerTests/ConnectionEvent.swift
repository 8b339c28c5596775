@testable import HTTPServer

/// Everything that can happen to a `ConnectionState`, with every argument.
enum ConnectionEvent: Hashable {
    case opened, broke, closed
    case headParsed(hasBody: Bool, mayJoin: Bool, isLast: Bool)
    case refused
    case bodyOffered(awaitsContinue: Bool)
    case bodyCollected
    case answered(restIsCheap: Bool)
    case handlerReturned(takesBody: Bool, restIsCheap: Bool)
    case bodyPaused, bodyResumed, discardedTooMuch, bodyEnded, bodyFailed
    case nextAnswer(restIsCheap: Bool)
    case answerEndsConnection, transferBegan, transferEnded
    case received(all: Bool)
    case peerClosed, writeBlocked, writable
    case timedOut(ConnectionTimer.Phase, hasInput: Bool)
    case stopRequested
    case flushed(hasOutput: Bool)
    case settled(hasInput: Bool, hasOutput: Bool, isStopping: Bool, isGraceOver: Bool)
    case probed(foundOctets: Bool)

    /// What the state asks of the event loop.
    struct Effect: Equatable {
        /// A request has begun.
        var begins = false
        /// An answer is due at once.
        var answers = false
        var action: ConnectionState.Action?
        var hasClosed = false
    }

    static let all: [ConnectionEvent] = {
        let either = [false, true]
        var events: [ConnectionEvent] = [
            .opened, .broke, .closed, .refused, .bodyCollected, .bodyPaused, .bodyResumed, .discardedTooMuch, .bodyEnded, .bodyFailed,
            .answerEndsConnection, .transferBegan, .transferEnded, .peerClosed, .writeBlocked, .writable, .stopRequested,
        ]
        for a in either {
            events += [
                .bodyOffered(awaitsContinue: a), .answered(restIsCheap: a), .nextAnswer(restIsCheap: a), .received(all: a),
                .flushed(hasOutput: a), .probed(foundOctets: a),
            ]
            for phase in [ConnectionTimer.Phase.idle, .head, .body, .answering, .writing, .lingering] {
                events.append(.timedOut(phase, hasInput: a))
            }
            for b in either {
                events.append(.handlerReturned(takesBody: a, restIsCheap: b))
                for c in either {
                    events.append(.headParsed(hasBody: a, mayJoin: b, isLast: c))
                    for d in either { events.append(.settled(hasInput: a, hasOutput: b, isStopping: c, isGraceOver: d)) }
                }
            }
        }
        return events
    }()

    /// Applies the event.
    func happen(to state: inout ConnectionState) -> Effect {
        var effect = Effect()
        switch self {
        case .opened: state.opened()
        case .broke: state.broke()
        case .closed: effect.hasClosed = state.closed()
        case .headParsed(let hasBody, let mayJoin, let isLast):
            effect.begins = state.headParsed(hasBody: hasBody, mayJoin: mayJoin, isLast: isLast)
        case .refused: effect.answers = state.refused() != .waits
        case .bodyOffered(let awaitsContinue): state.bodyOffered(awaitsContinue: awaitsContinue)
        case .bodyCollected: state.bodyCollected()
        case .answered(let restIsCheap): effect.answers = state.answered(restIsCheap: restIsCheap) != .waits
        case .handlerReturned(let takesBody, let restIsCheap): _ = state.handlerReturned(takesBody: takesBody, restIsCheap: restIsCheap)
        case .bodyPaused: state.bodyPaused()
        case .bodyResumed: _ = state.bodyResumed()
        case .discardedTooMuch: state.discardedTooMuch()
        case .bodyEnded: _ = state.bodyEnded()
        case .bodyFailed: effect.answers = state.bodyFailed() == .collected
        case .nextAnswer(let restIsCheap): effect.answers = state.nextAnswer(restIsCheap: restIsCheap) != .waits
        case .answerEndsConnection: state.answerEndsConnection()
        case .transferBegan: state.transferBegan()
        case .transferEnded: state.transferEnded()
        case .received(let all): state.received(all: all)
        case .peerClosed: _ = state.peerClosed()
        case .writeBlocked: state.writeBlocked()
        case .writable: state.writable()
        case .timedOut(let awaited, let hasInput): _ = state.timedOut(awaited, hasInput: hasInput)
        case .stopRequested: state.stopRequested()
        case .flushed(let hasOutput): state.flushed(hasOutput: hasOutput)
        case .settled(let hasInput, let hasOutput, let isStopping, let isGraceOver):
            effect.action = state.settled(hasInput: hasInput, hasOutput: hasOutput, isStopping: isStopping, isGraceOver: isGraceOver)
        case .probed(let foundOctets): effect.action = state.probed(foundOctets: foundOctets)
        }
        return effect
    }
}
