internal import AnalyticLearning
internal import HTTPServer

/// Who hears, once, what became of the rows of a learn job.
enum LearnReceiver: Sendable {
    /// The client itself: the job is its whole request.
    case request(DeferredResponder)
    /// A request that arrives as a stream, of which the job is one block.
    case stream(LearnStream)

    /// The rows have been learned.
    func send(_ answer: LearnAnswer, _ answers: AnswerSender) {
        switch self {
        case .request(let responder): answers.answer(answer.text, to: responder)
        case .stream(let stream): stream.blockEnded(.success(answer))
        }
    }

    /// The rows had been learned before.
    func send(_ answer: IdempotencyTable.Answer, _ registry: ClassRegistry, _ answers: AnswerSender) {
        if let learned = answer.learned(registry) { return send(learned, answers) }
        switch self {
        case .request(let responder): answers.answer(answer.text(registry), to: responder)
        // A key of another purpose has another hash, and is refused.
        case .stream(let stream): stream.blockEnded(.failure(Problem(.internalServerError, "unexpected kind of answer")))
        }
    }

    /// The rows have been refused, and changed nothing.
    func send(_ problem: Problem) {
        switch self {
        case .request(let responder): responder.send(problem.response)
        case .stream(let stream): stream.blockEnded(.failure(problem))
        }
    }
}
