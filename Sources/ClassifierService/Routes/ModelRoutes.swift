internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// Create, list, describe and delete models.
struct ModelRoutes: Sendable {
    let registry: ModelRegistry
    /// A configuration is a few hundred bytes.
    static let maximumBody = 64 << 10

    func add(to routes: inout RouteSet) {
        routes.on(.createModel, maximumBodySize: Self.maximumBody) { request, responder in
            self.answer(request, responder, Self.create)
        }
        routes.on(.listModels) { _, responder in responder.send(list()) }
        routes.on(.describeModel) { request, responder in self.answer(request, responder, Self.describe) }
        routes.on(.changeModel, maximumBodySize: Self.maximumBody) { request, responder in
            self.answer(request, responder, Self.patch)
        }
        routes.on(.rebalance, maximumBodySize: Self.maximumBody) { request, responder in
            self.answer(request, responder, Self.rebalance)
        }
        routes.on(.deleteModel) { request, responder in self.answer(request, responder, Self.delete) }
    }

    private func answer(
        _ request: borrowing Request, _ responder: consuming Responder,
        _ body: (ModelRoutes) -> (borrowing Request, DeferredResponder) throws(Problem) -> Void
    ) {
        let deferred = responder.deferred()
        do throws(Problem) { try body(self)(request, deferred) } catch { deferred.send(error.response) }
    }

    private func create(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) {
        let name = try Self.validName(request)
        try Self.requireMediaType(request, "application/json")
        let value = try request.decodeBody { (body) throws(Problem) in
            try RowReader.value(body, expected: #"a JSON object with "dimension""#)
        }
        let configuration: ModelConfiguration
        do { configuration = try ConfigurationJSON.decode(value) } catch { throw Problem(.badRequest, error.description) }
        let (model, isNew) = try registry.findOrCreate(name, configuration, first: .describe(responder, .created))
        guard !isNew else { return }
        guard model.configuration == configuration else {
            throw Problem(
                .conflict,
                "the model \"\(name)\" exists with another configuration: \(ConfigurationJSON.encode(model.configuration).description)")
        }
        try model.enqueue(.describe(responder, .ok))
    }

    private func describe(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) {
        let model = try registry.model(of: request)
        // A model that is still being made answers when it is there.
        guard let weights = model.published else { return try model.enqueue(.describe(responder, .ok)) }
        var answer = ModelAnswer(model: model, weights: weights)
        if case .stopped(let reason) = model.condition { answer.stopped = reason }
        responder.send(answer.response(.ok))
    }

    private func patch(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) {
        let model = try registry.model(of: request)
        try Self.requireMediaType(request, "application/json")
        let value = try request.decodeBody { (body) throws(Problem) in
            try RowReader.value(body, expected: #"a JSON object with "ridge", "imbalance", or both"#)
        }
        let patch: ModelPatch
        do throws(ConfigurationError) {
            patch = try ConfigurationJSON.decodePatch(value)
        } catch { throw Problem(.badRequest, error.description) }
        try model.enqueue(.reconfigure(patch, responder))
    }

    private func rebalance(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) {
        try registry.model(of: request).enqueue(.rebalance(responder))
    }

    private func delete(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) {
        registry.delete(try registry.model(of: request), responder)
    }

    /// All models; one that is not there too, so that nobody takes it for one that never was.
    private func list() -> Response {
        .json { writer in
            writer.key("models")
            writer.beginArray()
            for model in registry.all {
                let summary = ModelSummary(model)
                // What is still being made has not been answered for.
                guard !summary.isBeingMade else { continue }
                writer.beginObject()
                summary.write(to: &writer)
                writer.endObject()
            }
            writer.endArray()
        }
    }

    /// The name in the path.
    ///
    /// - Throws: 400.
    static func validName(_ request: borrowing Request) throws(Problem) -> String {
        guard let name = request.parameter(0), ModelName.isValid(name) else {
            throw Problem(
                .badRequest,
                "a model's name must match [A-Za-z0-9][A-Za-z0-9._-]{0,127}; it is \"\((request.parameter(0) ?? "not UTF-8").prefix(160))\""
            )
        }
        return name
    }

    /// Takes a body of one media type, or of none.
    ///
    /// - Throws: 415.
    static func requireMediaType(_ request: borrowing Request, _ type: StaticString) throws(Problem) {
        guard !request.hasContentType || request.mediaTypeIs(type) else {
            throw Problem(
                .unsupportedMediaType,
                "the Content-Type is \(request.header("content-type") ?? "unreadable"), expected \(type) (with curl: --json instead of -d)")
        }
    }
}

extension Request {
    /// Calls `body` with the content, with its typed error.
    func decodeBody<R>(_ body: (UnsafeRawBufferPointer) throws(Problem) -> R) throws(Problem) -> R {
        let result = withBody { bytes -> Result<R, Problem> in
            do throws(Problem) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
