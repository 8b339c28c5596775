/// What a `Responder` answers through: the connection of the request.
///
/// A connection serves one client after another, so each call names the generation and the request that it is for.
protocol AnswerTarget: AnyObject {
    /// Answers with octets, which are copied at once.
    func answer(
        _ generation: UInt32, _ sequence: UInt32, _ status: Status, _ contentType: StaticString, _ field: NumberField?,
        _ body: UnsafeRawBufferPointer)

    /// Answers; nil if the responder was dropped.
    func answer(_ generation: UInt32, _ sequence: UInt32, _ response: Response?)

    /// A responder for any thread.
    func deferral(_ generation: UInt32, _ sequence: UInt32) -> DeferredResponder
}
