internal import Concurrency
internal import Foundation
internal import TensorFormats

/// A model's newest events. The worker puts them here, which costs it no more than a copy, whoever reads; an `EventDispatcher` hands them
/// to readers, each of which has a place of its own among them.
///
/// Numbers of events begin at the time when the model came to be, so that one of an earlier life of the model, or of the server, is known
/// for what it is.
final class EventHub: Sendable {
    private struct State {
        /// In the order of their numbers, without gaps.
        var ring: [[UInt8]] = []
        var ringBytes = 0
        /// The number of the next event.
        var next: Int
        var readers = 0
        /// The dispatcher has been told that there is something new.
        var isScheduled = false
        var hasEnded = false

        var first: Int { next - ring.count }
    }

    /// What a reader gets next.
    enum Step: Equatable {
        case nothing
        /// An event and its number.
        case event([UInt8], Int)
        /// So many events are lost to it; it goes on behind that number.
        case missed(Int, through: Int)
        /// There will be no more.
        case end
    }

    /// Events and bytes that are kept for slow readers, and for those that come back.
    static let capacity = 256
    static let maximumBytes = 128 << 10

    private let state: Guarded<State>
    private let dispatcher: EventDispatcher?
    /// The number before the first event.
    let origin: Int

    init(_ dispatcher: EventDispatcher?) {
        self.dispatcher = dispatcher
        // Milliseconds, and a thousand events for each: exact in the numbers of JavaScript until the year 2248.
        let origin = Int(WallClock.nanoseconds / 1_000_000) << 10
        self.origin = origin
        state = Guarded(State(next: origin + 1))
    }

    // MARK: What happens

    /// Adds an event. Never waits for readers.
    func publish(_ kind: EventKind, _ body: (inout JSONWriter) -> Void) {
        append(kind, EventFrame.data(body), isLast: false)
    }

    /// Adds the event that the model is deleted; readers end with it.
    func end() {
        append(.deleted, EventFrame.data { _ in }, isLast: true)
    }

    private func append(_ kind: EventKind, _ data: [UInt8], isLast: Bool) {
        let mustTell = state.withLock { state in
            guard !state.hasEnded else { return false }
            let bytes = EventFrame.encode(kind, id: state.next, data: data)
            state.ring.append(bytes)
            state.ringBytes += bytes.count
            state.next += 1
            state.hasEnded = isLast
            while state.ring.count > Self.capacity || state.ringBytes > Self.maximumBytes && state.ring.count > 1 {
                state.ringBytes -= state.ring.removeFirst().count
            }
            guard state.readers > 0, !state.isScheduled else { return false }
            state.isScheduled = true
            return true
        }
        if mustTell { dispatcher?.schedule(self) }
    }

    // MARK: Reading

    /// The number of the newest event.
    var newest: Int { state.withLock { $0.next - 1 } }

    /// A reader has come, or gone.
    func countReaders(_ change: Int) { state.withLock { $0.readers += change } }

    /// The dispatcher is reading: later events must notify it again.
    func unschedule() { state.withLock { $0.isScheduled = false } }

    /// What follows the event with a number.
    func step(after number: Int) -> Step {
        state.withLock { state in
            if number + 1 < state.first { return .missed(state.first - 1 - number, through: state.first - 1) }
            if number + 1 < state.next { return .event(state.ring[number + 1 - state.first], number + 1) }
            return state.hasEnded ? .end : .nothing
        }
    }

    /// Where a reader goes on that has seen the event with a number last.
    ///
    /// - Returns: the number behind which it goes on, and whether an unknown number of events is lost to it.
    func resume(after number: Int) -> (cursor: Int, isLost: Bool) {
        let newest = newest
        // From before the model came to be, or from a time that has not come: of those events nobody knows.
        guard (origin...newest).contains(number) else { return (newest, true) }
        return (number, false)
    }
}
