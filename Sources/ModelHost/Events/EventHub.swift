internal import Concurrency

/// A model's newest events. Publishing costs the worker only a copy, however many read; each reader has its own position.
///
/// Event numbers start from the time at which the model was created, so that numbers from an earlier life of the model, or of the server,
/// are recognised.
package final class EventHub: Sendable {
    private struct State {
        /// In order of their numbers, without gaps.
        var ring: [ModelEvent] = []
        var ringBytes = 0
        /// The number of the next event.
        var next: Int
        var readers = 0
        /// Whether the dispatcher has been notified of new events.
        var isScheduled = false
        var hasEnded = false

        var first: Int { next - ring.count }
    }

    /// What a reader gets next.
    package enum Step: Sendable {
        case nothing
        /// An event and its number.
        case event(ModelEvent, Int)
        /// This many events are lost to the reader; it continues after the given number.
        case missed(Int, through: Int)
        /// No more events follow.
        case end
    }

    /// Events and bytes kept for slow readers, and for those that reconnect.
    static let capacity = 256
    static let maximumBytes = 128 << 10

    private let state: Guarded<State>
    private let onNews: (@Sendable (EventHub) -> Void)?
    /// The number before the first event.
    let origin: Int

    /// - Parameter onNews: called when an event is new to a reader; again only after `unschedule`.
    package init(_ onNews: (@Sendable (EventHub) -> Void)?) {
        self.onNews = onNews
        // Milliseconds, with a thousand events for each: exact in JavaScript numbers until the year 2248.
        let origin = Int(WallClock.nanoseconds / 1_000_000) << 10
        self.origin = origin
        state = Guarded(State(next: origin + 1))
    }

    // MARK: Publishing

    /// Adds an event without waiting for readers.
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

    /// Adds the deletion event, which ends all readers.
    func end() { publish(.deleted) }

    // MARK: Reading

    /// The number of the newest event.
    package var newest: Int { state.withLock { $0.next - 1 } }

    /// Counts readers that come or go.
    package func countReaders(_ change: Int) { state.withLock { $0.readers += change } }

    /// Called as the dispatcher starts to hand out events: later events must notify again.
    package func unschedule() { state.withLock { $0.isScheduled = false } }

    /// The next step after the event with a number.
    package func step(after number: Int) -> Step {
        state.withLock { state in
            if number + 1 < state.first { return .missed(state.first - 1 - number, through: state.first - 1) }
            if number + 1 < state.next { return .event(state.ring[number + 1 - state.first], number + 1) }
            return state.hasEnded ? .end : .nothing
        }
    }

    /// Where a reader continues that last saw the event with a number.
    ///
    /// - Returns: the number after which it continues, and whether an unknown number of events is lost to it.
    package func resume(after number: Int) -> (cursor: Int, isLost: Bool) {
        let newest = newest
        // A number from before the model existed, or from the future, says nothing about lost events.
        guard (origin...newest).contains(number) else { return (newest, true) }
        return (number, false)
    }
}
