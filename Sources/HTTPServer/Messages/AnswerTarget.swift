/// What a `Responder` answers through: the event loop that called the handler.
protocol AnswerTarget: AnyObject {
    /// Where answers go that come later.
    var mailbox: Mailbox { get }

    /// Answers with octets, which are copied at once.
    func answer(
        _ key: ConnectionKey, _ sequence: UInt32, _ status: Status, _ contentType: StaticString, _ field: NumberField?,
        _ body: UnsafeRawBufferPointer)

    /// Answers; nil if the responder was dropped.
    func answer(_ key: ConnectionKey, _ sequence: UInt32, _ response: Response?)
}
