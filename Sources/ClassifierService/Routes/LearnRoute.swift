internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// `POST /v1/models/{model}/learn`: checks the rows and queues them for the model's worker, which answers.
struct LearnRoute: Sendable {
    let registry: ModelRegistry
    let pool: ComputePool
    let limits: ServiceLimits

    func add(to router: inout Router) {
        router.on(.post, "/v1/models/{model}/learn") { request, responder in
            let deferred = responder.deferred()
            do throws(Problem) { try learn(request, deferred) } catch { deferred.send(error.response) }
        }
    }

    private func learn(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) {
        let model = try registry.model(of: request)
        try ModelRoutes.requireMediaType(request, "application/json")
        guard request.bodyCount > limits.inlineBody else {
            return try request.decodeBody { (bytes) throws(Problem) in try enqueue(bytes, model, responder) }
        }
        // A large body is scanned by a compute thread: meanwhile the loop goes on serving.
        let body = request.takeBody()
        let isQueued = pool.run {
            let result = body.withUnsafeBytes { bytes -> Problem? in
                do throws(Problem) { try enqueue(bytes, model, responder) } catch { return error }
                return nil
            }
            if let problem = result { responder.send(problem.response) }
        }
        guard isQueued else { throw .busy("the compute threads have too much to do") }
    }

    private func enqueue(_ body: UnsafeRawBufferPointer, _ model: Model, _ responder: DeferredResponder) throws(Problem) {
        let dimension = model.configuration.dimension
        var features: [Double] = []
        var labels = PackedStrings()
        try RowReader.learn(body, dimension: dimension, features: &features, labels: &labels)
        try model.enqueue(learn: LearnJob(features: features, labels: labels, dimension: dimension, responder: responder))
    }
}
