internal import Concurrency

/// A model's newest events. The worker puts them here, which costs it no more than a copy, whoever reads; each reader has a
/// place of its own among them.
///
/// Numbers of events begin at the time when the model came to be, so that one of an earlier life of the model, or of the server, is known
/// for what it is.
package final class EventHub: Sendable {
    private struct State {
        /// In the order of their numbers, without gaps.
        var ring: [ModelEvent] = []
        var ringBytes = 0
        /// The number of the next event.
        var next: Int
        var readers = 0
        /// Whoever hands events to readers has been told that there is something new.
        var isScheduled = false
        var hasEnded = false

        var first: Int { next - ring.count }
    }

    /// What a reader gets next.
    package enum Step: Sendable {
        case nothing
        /// An event and its number.
        case event(ModelEvent, Int)
        /// So many events are lost to it; it goes on behind that number.
        case missed(Int, through: Int)
        /// There will be no more.
        case end
    }

    /// Events and bytes that are kept for slow readers, and for those that come back.
    static let capacity = 256
    static let maximumBytes = 128 << 10

    private let state: Guarded<State>
    private let onNews: (@Sendable (EventHub) -> Void)?
    /// The number before the first event.
    let origin: Int

    /// - Parameter onNews: called when there is an event that a reader has not seen; again only after `unschedule`.
    package init(_ onNews: (@Sendable (EventHub) -> Void)?) {
        self.onNews = onNews
        // Milliseconds, and a thousand events for each: exact in the numbers of JavaScript until the year 2248.
        let origin = Int(WallClock.nanoseconds / 1_000_000) << 10
        self.origin = origin
        state = Guarded(State(next: origin + 1))
    }

    // MARK: What happens

    /// Adds an event. Never waits for readers.
    package func publish(_ event: ModelEvent) {
        let mustTell = state.withLock { state in
            guard !state.hasEnded else { return false }
            state.ring.append(event)
            state.ringBytes += event.bytes
            state.next += 1
            if case .deleted = event { state.hasEnded = true }
            while state.ring.count > Self.capacity || state.ringBytes > Self.maximumBytes && state.ring.count > 1 {
                state.ringBytes -= state.ring.removeFirst().bytes
            }
            guard state.readers > 0, !state.isScheduled else { return false }
            state.isScheduled = true
            return true
        }
        if mustTell { onNews?(self) }
    }

    /// Adds the event that the model is deleted; readers end with it.
    func end() { publish(.deleted) }

    // MARK: Reading

    /// The number of the newest event.
    package var newest: Int { state.withLock { $0.next - 1 } }

    /// A reader has come, or gone.
    package func countReaders(_ change: Int) { state.withLock { $0.readers += change } }

    /// Whoever hands events to readers does so now: the next event must call `onNews` again.
    package func unschedule() { state.withLock { $0.isScheduled = false } }

    /// What follows the event with a number.
    package func step(after number: Int) -> Step {
        state.withLock { state in
            if number + 1 < state.first { return .missed(state.first - 1 - number, through: state.first - 1) }
            if number + 1 < state.next { return .event(state.ring[number + 1 - state.first], number + 1) }
            return state.hasEnded ? .end : .nothing
        }
    }

    /// Where a reader goes on that has seen the event with a number last.
    ///
    /// - Returns: the number behind which it goes on, and whether an unknown number of events is lost to it.
    package func resume(after number: Int) -> (cursor: Int, isLost: Bool) {
        let newest = newest
        // From before the model came to be, or from a time that has not come: of those events nobody knows.
        guard (origin...newest).contains(number) else { return (newest, true) }
        return (number, false)
    }
}
