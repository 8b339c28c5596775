/// The duty to answer one request, on the event loop. It must be consumed; one that is dropped answers 500.
public struct Responder: ~Copyable {
    /// Nil once it has been answered or deferred.
    private var loop: EventLoop?
    private let connection: Connection
    private let generation: UInt32
    private let sequence: UInt32

    init(loop: EventLoop, connection: Connection, sequence: UInt32) {
        self.loop = loop
        self.connection = connection
        generation = connection.generation
        self.sequence = sequence
    }

    deinit {
        loop?.answer(connection, generation, sequence, nil)
    }

    /// Answers with octets, which are copied at once. Allocates nothing.
    ///
    /// - Parameters:
    ///   - status: The status.
    ///   - contentType: The content's media type.
    ///   - field: A field whose value is a number.
    ///   - body: The content; it need not outlive the call.
    public consuming func send(
        _ status: Status, contentType: StaticString, field: NumberField? = nil, body: UnsafeRawBufferPointer
    ) {
        guard let loop else { return }
        self.loop = nil
        loop.answer(connection, generation, sequence, status, contentType, field, body)
    }

    /// Answers.
    public consuming func send(_ response: consuming Response) {
        guard let loop else { return }
        self.loop = nil
        loop.answer(connection, generation, sequence, response)
    }

    /// Puts the answer off: the result may go to another thread. Answers of pipelined requests are sent in the order of the requests,
    /// whichever comes first.
    public consuming func deferred() -> DeferredResponder {
        let key = ConnectionKey(slot: connection.slot, generation: generation)
        guard let loop else { preconditionFailure("a responder answers once") }
        self.loop = nil
        return DeferredResponder(loop.handle, key, sequence, connection.liveness)
    }
}

@available(*, unavailable)
extension Responder: Sendable {}
