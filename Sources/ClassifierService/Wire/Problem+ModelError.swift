internal import AnalyticLearning
internal import HTTPServer
internal import ModelHost

extension Problem {
    /// The answer to a request refused by the host. Only this code maps kinds of errors to statuses.
    init(_ error: ModelError) {
        let status: Status =
            switch error.kind {
            case .invalid: .badRequest
            case .unknown: .notFound
            case .conflict: .conflict
            case .impossible: .unprocessableContent
            case .internal: .internalServerError
            case .unavailable: .serviceUnavailable
            case .outOfSpace: .insufficientStorage
            }
        self.init(status, error.detail, retryAfter: error.retryAfter)
    }

    /// Calls `body`, and converts its error to a problem.
    static func of<R>(_ body: () throws(ModelError) -> R) throws(Problem) -> R {
        do throws(ModelError) { return try body() } catch { throw Problem(error) }
    }

    static func busy(_ what: String) -> Problem { Problem(.busy(what)) }

    static func label(_ place: String, _ error: LabelError) -> Problem { Problem(.label(place, error)) }
}

// Calls of routes to the host, with refusals as problems.

extension ModelRegistry {
    /// The model of a request's first path parameter.
    ///
    /// - Throws: 404.
    func model(of request: borrowing Request) throws(Problem) -> Model {
        let found = request.withParameterBytes(0) { model($0) }
        guard let found else { throw Problem(.unknownModel(request.parameter(0) ?? "")) }
        return found
    }
}

extension Model {
    /// Queues a job.
    ///
    /// - Throws: 404 if the model has been deleted, 503 if it cannot accept the job now.
    func submit(_ job: Job) throws(Problem) { try Problem.of { () throws(ModelError) in try enqueue(job) } }

    /// The last published weights.
    ///
    /// - Throws: 503 if nothing has been published yet.
    func weights() throws(Problem) -> PublishedWeights { try Problem.of { () throws(ModelError) in try publishedWeights() } }

    /// The weights for predictions, with at least one class.
    ///
    /// - Throws: 503 if nothing has been published yet, 409 if no class is known.
    func scoringWeights() throws(Problem) -> PublishedWeights { try Problem.of { () throws(ModelError) in try scorableWeights() } }
}

extension PublishedWeights {
    /// A scorer with the requested weights.
    ///
    /// - Throws: 409 if no class is known.
    func scorer(_ wish: WeightsKind?, of model: String) throws(Problem) -> Scorer {
        try Problem.of { () throws(ModelError) in try requireScorer(wish, of: model) }
    }
}

extension Completion {
    /// A completion that answers a request.
    ///
    /// - Parameter body: sends the value.
    init(_ responder: DeferredResponder, _ body: @escaping @Sendable (Value) -> Void) {
        self.init(isAwaited: { responder.isConnected }) { result in
            switch result {
            case .success(let value): body(value)
            case .failure(let error): responder.send(Problem(error).response)
            }
        }
    }
}

extension IdempotencyKey {
    /// The key of a request, if it has one.
    ///
    /// - Throws: 400.
    static func of(_ request: borrowing Request) throws(Problem) -> IdempotencyKey? {
        guard let text = request.header("idempotency-key") else { return nil }
        guard !request.headerIsRepeated("idempotency-key"), let key = IdempotencyKey(text) else {
            throw Problem(.badRequest, "Idempotency-Key must be given once, and be 1 to \(maximumLength) visible ASCII characters")
        }
        return key
    }
}
