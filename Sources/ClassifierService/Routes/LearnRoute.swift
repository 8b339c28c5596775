internal import AnalyticLearning
internal import Concurrency
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// `POST /v1/models/{model}/learn` and `…/unlearn`: checks the rows and queues them for the model's worker, which answers.
///
/// NDJSON is learned as it arrives, see `LearnStream`; other formats are learned whole or not at all.
final class LearnRoute: Sendable {
    private let registry: ModelRegistry
    private let pool: ComputePool
    private let answers: AnswerSender
    private let limits: ServiceLimits
    private let streams: LearnStreams

    init(registry: ModelRegistry, pool: ComputePool, answers: AnswerSender, limits: ServiceLimits) {
        self.registry = registry
        self.pool = pool
        self.answers = answers
        self.limits = limits
        streams = LearnStreams(limit: limits.learnStreams, patience: limits.streamPatience)
    }

    func add(to routes: inout RouteSet) {
        routes.on(
            .learn, maximumStreamSize: .max,
            streaming: { BodyFormat.ndjson.isNamed(by: $0) },
            { request, responder in
                let deferred = responder.deferred()
                do throws(Problem) {
                    return try self.stream(request, deferred)
                } catch {
                    deferred.send(error.response)
                    return nil
                }
            },
            whole: { request, responder in
                let deferred = responder.deferred()
                do throws(Problem) {
                    try self.queue(request, deferred, .learn(LearnVisibility(request)))
                } catch { deferred.send(error.response) }
            })
        routes.on(.unlearn) { request, responder in
            let deferred = responder.deferred()
            do throws(Problem) { try self.queue(request, deferred, .unlearn) } catch { deferred.send(error.response) }
        }
    }

    private enum Purpose {
        case learn(LearnVisibility)
        case unlearn

        /// The start of a hash of a request.
        var seed: RequestIdentity.Purpose {
            switch self {
            case .learn: .learn
            case .unlearn: .unlearn
            }
        }
    }

    private func stream(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) -> LearnStream {
        let model = try registry.model(of: request)
        let key = try IdempotencyKey.of(request)
        let visibility = try LearnVisibility(request)
        // The memory of a stream is bounded, and so is the number of streams.
        guard let place = streams.take() else { throw .busy("\(limits.learnStreams) streamed requests are already being learned") }
        let stream = LearnStream(
            model: model, pool: pool, responder: responder, blockRows: limits.blockRows, key: key, visibility: visibility
        ) { [streams] in streams.leave(place) }
        streams.fill(place, with: stream)
        return stream
    }

    private func queue(_ request: borrowing Request, _ responder: DeferredResponder, _ purpose: Purpose) throws(Problem) {
        let model = try registry.model(of: request)
        let reader = BodyReader(
            format: try .of(request, among: BodyFormat.labelled), dimension: model.configuration.dimension,
            maximumArrayBytes: limits.maximumArrayBytes)
        let key = try IdempotencyKey.of(request)
        guard request.bodyCount > limits.inlineBody || reader.format.isCompressed else {
            return try request.decodeBody { (bytes) throws(Problem) in try enqueue(bytes, reader, model, responder, purpose, key) }
        }
        // A compute thread scans a large body, so that the loop keeps serving.
        let body = request.takeBody()
        let isQueued = pool.run(.writing) { [self] in
            let result = body.withUnsafeBytes { bytes -> Problem? in
                do throws(Problem) { try enqueue(bytes, reader, model, responder, purpose, key) } catch { return error }
                return nil
            }
            if let problem = result { responder.send(problem.response) }
        }
        guard isQueued else { throw .busy("the compute threads are overloaded") }
    }

    private func enqueue(
        _ body: UnsafeRawBufferPointer, _ reader: BodyReader, _ model: Model, _ responder: DeferredResponder, _ purpose: Purpose,
        _ key: IdempotencyKey?
    ) throws(Problem) {
        var features: [Double] = []
        var labels = PackedStrings()
        try reader.readLabelled(body, features: &features, labels: &labels)
        guard LearnRows.canHold(labels) else {
            throw Problem(
                .contentTooLarge, "the labels have \(labels.byteCount) bytes, expected at most \(UInt32.max); send fewer rows per request")
        }
        let identity = key.map { key in
            RequestIdentity(key: key, block: 0, hash: RequestIdentity.hash(features, labels, seed: purpose.seed.rawValue))
        }
        let rows = LearnRows(features: features, labels: labels, dimension: reader.dimension, identity: identity)
        switch purpose {
        case .learn(let visibility):
            let completion = Completion<LearnAnswer>(responder) { [answers] in answers.answer($0.text(visibility), to: responder) }
            try model.submit(.learn(LearnJob(rows, isForLater: visibility == .later, completion)))
        case .unlearn:
            let list: StaticString = "sketches_not_undone"
            let completion = Completion<KeyedOutcome>(responder) { [answers] in
                answers.answer($0.text(listing: list), to: responder)
            }
            try model.submit(.unlearn(rows, identity.map { ChangeKey($0) { $0.written(listing: list) } }, completion))
        }
    }
}
