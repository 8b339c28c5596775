internal import Concurrency

/// A message to an event loop.
enum LoopMessage: Sendable {
    /// The answer to a request; nil where it was dropped without any.
    case answer(ConnectionKey, UInt32, Response?)
    /// The consumer of a request's content wants more.
    case resume(ConnectionKey, UInt32)
    /// A stream has something to send.
    case pump(ConnectionKey)
    /// The connection is to end if it still sends this.
    case breakOff(ConnectionKey, FileBody)
    /// An accepted socket, and where it comes from.
    case adopt(Int32, PeerAddress)
    /// Finish until this time of the monotonic clock.
    case stop(Int64)
}

/// The way into an event loop from other threads.
///
/// The eventfd is written only when the box was empty, so a burst of messages costs one system call. No wake-up is lost: the loop
/// acknowledges the eventfd before it takes the messages, both under the order of the lock.
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

    /// What the loop watches.
    var descriptor: Int32 { wakeUp.descriptor }

    /// Leaves a message; false when the loop has ended and nobody will read it.
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

    /// Exchanges the messages with an empty array, whose capacity is used again.
    func take(into messages: inout [LoopMessage]) {
        messages.removeAll(keepingCapacity: true)
        wakeUp.acknowledge()
        state.withLock { swap(&$0.messages, &messages) }
    }

    /// Refuses messages from now on, unless some are waiting; false then.
    func closeIfEmpty() -> Bool {
        state.withLock { state in
            guard state.messages.isEmpty else { return false }
            state.isClosed = true
            return true
        }
    }

    /// Refuses messages from now on, and gives those that are left.
    func close() -> [LoopMessage] {
        state.withLock { state in
            state.isClosed = true
            let rest = state.messages
            state.messages = []
            return rest
        }
    }
}
