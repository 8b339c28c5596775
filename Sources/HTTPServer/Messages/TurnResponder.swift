/// The duty to answer one request before its event loop's turn ends, on the loop's thread.
///
/// A turn is what one call of epoll brought. Requests that arrive together can be handled together at its end, in
/// `ServerConfiguration.turnEnd`. Only the first answer counts. A request that has none when the turn ends is answered 500.
public struct TurnResponder {
    private let target: AnswerTarget
    private let place: TurnPlace

    init(_ target: AnswerTarget, _ place: TurnPlace) {
        self.target = target
        self.place = place
    }

    /// Answers with octets, which are copied before the call returns. Allocates nothing if no earlier answer is outstanding.
    ///
    /// - Parameters: as of `Responder.send`.
    public func send(_ status: Status, contentType: StaticString, field: NumberField? = nil, body: UnsafeRawBufferPointer) {
        target.answer(place, status, contentType, field, body)
    }

    /// Answers.
    public func send(_ response: Response) { target.answer(place, response) }

    /// Defers the answer beyond the turn: the result may move to another thread.
    public func deferred() -> DeferredResponder { target.deferral(place) }
}

@available(*, unavailable)
extension TurnResponder: Sendable {}
