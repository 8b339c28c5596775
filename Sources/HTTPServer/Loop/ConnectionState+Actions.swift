// How the event loop reacts to an event.
extension ConnectionState {
    /// What the client's next octets are.
    enum Intake: Hashable {
        /// Part of a request head.
        case head
        /// Part of the content of the current request.
        case body
        /// Not wanted until something else happens.
        case later
        /// No longer of use.
        case refuse
    }

    /// When an answer is written.
    enum Turn: Hashable {
        /// After the answers before it; it is queued.
        case waits
        /// Now.
        case begins
        /// Now, before the request's content has arrived: the consumer of the content is released.
        case abandonsBody
    }

    /// What a handler has done by the time it returns.
    enum Outcome: Hashable {
        /// The request has been answered.
        case isAnswered
        /// The answer comes later and is queued.
        case isDeferred
        /// The same, and the content has no consumer.
        case abandonsBody
        /// The same, and the content is streamed.
        case streams(sendsContinue: Bool)
    }

    /// The action when a deadline has passed.
    enum Expiry: Hashable {
        case nothing
        /// The connection broke.
        case close
        /// The client has begun a request head and is answered that it took too long.
        case refuseHead
        case failBody
    }

    /// The action that leaves the connection idle.
    enum Action: Hashable {
        /// Waiting for what `awaited` says.
        case wait
        /// Checking for octets from the client, to see whether the connection may be closed at once.
        case probe
        /// Sending FIN; what the client still sends is dropped.
        case sayGoodbye
        case close
    }
}
