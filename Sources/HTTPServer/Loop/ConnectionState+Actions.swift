// What the event loop does about an event.
extension ConnectionState {
    /// What the client's next octets are.
    enum Intake: Hashable {
        /// Part of a request head.
        case head
        /// Part of the content of the request in hand.
        case body
        /// Not wanted before something else has happened.
        case later
        /// Of no use any more.
        case refuse
    }

    /// When an answer is written.
    enum Turn: Hashable {
        /// Once those before it are sent; it has a place in the queue.
        case waits
        /// Now.
        case begins
        /// Now, though the request's content has not arrived: what handles the content is let go.
        case abandonsBody
    }

    /// What a handler has left behind.
    enum Outcome: Hashable {
        /// The request has been answered.
        case isAnswered
        /// The answer comes later: it has a place in the queue.
        case isDeferred
        /// The same, and nobody takes the content.
        case abandonsBody
        /// The same, and the content is streamed.
        case streams(sendsContinue: Bool)
    }

    /// What is due when a deadline has passed.
    enum Expiry: Hashable {
        case nothing
        /// The connection broke.
        case close
        /// The client has begun a request head and is told that it took too long.
        case refuseHead
        case failBody
    }

    /// What brings the connection to rest.
    enum Action: Hashable {
        /// Waiting for what `awaited` says.
        case wait
        /// Looking for octets of the client, to see whether it may be closed at once.
        case probe
        /// Sending FIN; what the client still sends is dropped.
        case sayGoodbye
        case close
    }
}
