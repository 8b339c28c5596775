internal import Concurrency

/// How other threads send messages to an event loop.
///
/// The eventfd is written only when the box was empty, so a burst of messages costs one system call. No wake-up is lost: the loop
/// acknowledges the eventfd before it takes the messages, both ordered by the lock.
final class Mailbox: Sendable {
    private struct State {
        var messages: [LoopMessage] = []
        var isClosed = false
    }

    private let state = Guarded(State())
    private let wakeUp: WakeDescriptor

    init() throws(ServerError) {
        wakeUp = try WakeDescriptor()
    }

    /// The eventfd that the loop watches.
    var descriptor: Int32 { wakeUp.descriptor }

    /// Posts a message; false if the loop has ended and will not read it.
    @discardableResult
    func post(_ message: LoopMessage) -> Bool {
        let (taken, wasEmpty) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.messages.append(message)
            return (true, state.messages.count == 1)
        }
        if wasEmpty { wakeUp.wake() }
        return taken
    }

    /// Swaps the messages for an emptied array, reusing its capacity.
    func take(into messages: inout [LoopMessage]) {
        messages.removeAll(keepingCapacity: true)
        wakeUp.acknowledge()
        state.withLock { swap(&$0.messages, &messages) }
    }

    /// Refuses messages from now on and returns true, unless some are waiting.
    func closeIfEmpty() -> Bool {
        state.withLock { state in
            guard state.messages.isEmpty else { return false }
            state.isClosed = true
            return true
        }
    }

    /// Refuses messages from now on, and returns those that are left.
    func close() -> [LoopMessage] {
        state.withLock { state in
            state.isClosed = true
            let rest = state.messages
            state.messages = []
            return rest
        }
    }
}
