/// A request whose answer is queued and not written yet.
struct PendingAnswer {
    let info: ExchangeInfo
    /// Nil until the answer is known.
    var response: Response?
    var memory: AnswerMemory?
    /// The content of `Allow`.
    let allow: MethodSet?
}
