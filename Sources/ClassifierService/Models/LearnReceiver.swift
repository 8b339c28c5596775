internal import HTTPServer

/// Who hears, once, what became of the rows of a learn job.
enum LearnReceiver: Sendable {
    /// The client itself: the job is its whole request.
    case request(DeferredResponder)
    /// A request that arrives as a stream, of which the job is one block.
    case stream(LearnStream)

    /// The rows have been learned.
    func send(_ answer: LearnAnswer) {
        switch self {
        case .request(let responder): responder.send(answer.response)
        case .stream(let stream): stream.blockEnded(.success(answer))
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
