/// The duty to answer one request, on the event loop. A responder that is dropped without an answer answers 500.
public struct Responder: ~Copyable {
    /// Nil once the request has been answered or deferred.
    private var target: AnswerTarget?
    private let generation: UInt32
    private let sequence: UInt32

    init(_ target: AnswerTarget, _ generation: UInt32, _ sequence: UInt32) {
        self.target = target
        self.generation = generation
        self.sequence = sequence
    }

    deinit {
        target?.answer(generation, sequence, nil)
    }

    /// Answers with octets, which are copied before the call returns. Allocates nothing.
    ///
    /// - Parameters:
    ///   - status: The status.
    ///   - contentType: The content's media type.
    ///   - field: A field with a numeric value.
    ///   - body: The content; it need not outlive the call.
    public consuming func send(
        _ status: Status, contentType: StaticString, field: NumberField? = nil, body: UnsafeRawBufferPointer
    ) {
        guard let target else { return }
        self.target = nil
        target.answer(generation, sequence, status, contentType, field, body)
    }

    /// Answers.
    public consuming func send(_ response: consuming Response) {
        guard let target else { return }
        self.target = nil
        target.answer(generation, sequence, response)
    }

    /// Defers the answer: the result may move to another thread. Answers to pipelined requests are sent in the order of the
    /// requests, whichever is ready first (RFC 9112, section 9.3.2).
    public consuming func deferred() -> DeferredResponder {
        guard let target else { preconditionFailure("a responder answers once") }
        self.target = nil
        return target.deferral(generation, sequence)
    }

    /// Postpones the answer to the end of the event loop's turn, for requests that arrive together.
    ///
    /// - Precondition: `Request.mayJoinTurn`.
    public consuming func untilTurnEnds() -> TurnResponder {
        guard let target else { preconditionFailure("a responder answers once") }
        self.target = nil
        return TurnResponder(target, target.joinTurn(generation, sequence))
    }
}

@available(*, unavailable)
extension Responder: Sendable {}
