internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// `POST /v1/models/{model}/learn` and `…/unlearn`: checks the rows and queues them for the model's worker, which answers.
struct LearnRoute: Sendable {
    let registry: ModelRegistry
    let pool: ComputePool
    let limits: ServiceLimits

    func add(to router: inout Router) {
        router.on(.post, "/v1/models/{model}/learn") { request, responder in
            let deferred = responder.deferred()
            do throws(Problem) { try queue(request, deferred, .learn) } catch { deferred.send(error.response) }
        }
        router.on(.post, "/v1/models/{model}/unlearn") { request, responder in
            let deferred = responder.deferred()
            do throws(Problem) { try queue(request, deferred, .unlearn) } catch { deferred.send(error.response) }
        }
    }

    private enum Purpose { case learn, unlearn }

    private func queue(_ request: borrowing Request, _ responder: DeferredResponder, _ purpose: Purpose) throws(Problem) {
        let model = try registry.model(of: request)
        try ModelRoutes.requireMediaType(request, "application/json")
        guard request.bodyCount > limits.inlineBody else {
            return try request.decodeBody { (bytes) throws(Problem) in try enqueue(bytes, model, responder, purpose) }
        }
        // A large body is scanned by a compute thread: meanwhile the loop goes on serving.
        let body = request.takeBody()
        let isQueued = pool.run {
            let result = body.withUnsafeBytes { bytes -> Problem? in
                do throws(Problem) { try enqueue(bytes, model, responder, purpose) } catch { return error }
                return nil
            }
            if let problem = result { responder.send(problem.response) }
        }
        guard isQueued else { throw .busy("the compute threads have too much to do") }
    }

    private func enqueue(
        _ body: UnsafeRawBufferPointer, _ model: Model, _ responder: DeferredResponder, _ purpose: Purpose
    ) throws(Problem) {
        let dimension = model.configuration.dimension
        var features: [Double] = []
        var labels = PackedStrings()
        try RowReader.learn(body, dimension: dimension, features: &features, labels: &labels)
        let job = LearnJob(features: features, labels: labels, dimension: dimension, responder: responder)
        switch purpose {
        case .learn: try model.enqueue(learn: job)
        case .unlearn: try model.enqueue(.unlearn(job))
        }
    }
}
