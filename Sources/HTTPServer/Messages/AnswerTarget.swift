/// What a `Responder` answers through: the connection of the request.
///
/// A connection serves one client after another, so each call names a generation and a request. A class rather than a protocol, so
/// that handling a request uses no existential.
class AnswerTarget {
    /// Answers with octets, which are copied at once.
    func answer(
        _ generation: UInt32, _ sequence: UInt32, _ status: Status, _ contentType: StaticString, _ field: NumberField?,
        _ body: UnsafeRawBufferPointer
    ) {
        preconditionFailure("a connection answers")
    }

    /// Answers; nil if the responder was dropped.
    func answer(_ generation: UInt32, _ sequence: UInt32, _ response: Response?) { preconditionFailure("a connection answers") }

    /// A responder usable on any thread.
    func deferral(_ generation: UInt32, _ sequence: UInt32) -> DeferredResponder { preconditionFailure("a connection answers") }

    // MARK: At the end of a turn

    /// A place among the requests that are answered at the end of the turn.
    func joinTurn(_ generation: UInt32, _ sequence: UInt32) -> TurnPlace { preconditionFailure("a connection answers") }

    /// Answers with octets, which are copied at once.
    func answer(
        _ place: TurnPlace, _ status: Status, _ contentType: StaticString, _ field: NumberField?, _ body: UnsafeRawBufferPointer
    ) {
        preconditionFailure("a connection answers")
    }

    /// Answers.
    func answer(_ place: TurnPlace, _ response: Response) { preconditionFailure("a connection answers") }

    /// A responder usable on any thread.
    func deferral(_ place: TurnPlace) -> DeferredResponder { preconditionFailure("a connection answers") }
}
