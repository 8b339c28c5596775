internal import AnalyticLearning
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// Create, list, describe and delete models.
struct ModelRoutes: Sendable {
    let registry: ModelRegistry
    let answers: AnswerSender

    func add(to routes: inout RouteSet) {
        routes.on(.createModel, maximumBodySize: ServiceLimits.configurationBody) { request, responder in
            self.answer(request, responder, Self.create)
        }
        routes.on(.listModels) { request, responder in
            answers.answer(request, responder, items: registry.count) { () throws(Problem) in list() }
        }
        routes.on(.describeModel) { request, responder in describe(request, responder) }
        routes.on(.changeModel, maximumBodySize: ServiceLimits.configurationBody) { request, responder in
            self.answer(request, responder, Self.patch)
        }
        routes.on(.rebalance, maximumBodySize: ServiceLimits.configurationBody) { request, responder in
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
        try Problem.of { () throws(ModelError) in
            try registry.put(name, configuration, first: .describe(details(to: responder, .created), isNew: true)) {
                (model) throws(ModelError) in
                guard model.configuration.answers(configuration) else {
                    throw ModelError(
                        .conflict,
                        "the model \"\(name)\" already exists with a different configuration: "
                            + ConfigurationJSON.encode(model.configuration).description)
                }
                return .describe(details(to: responder), isNew: false)
            }
        }
    }

    private func describe(_ request: borrowing Request, _ responder: consuming Responder) {
        let model: Model
        do throws(Problem) { model = try registry.model(of: request) } catch { return responder.send(error.response) }
        // In this order: weights that were published before the model was recovered have its former state.
        let condition = model.condition
        guard let weights = model.published else {
            // A model that is still being created answers when it exists.
            let deferred = responder.deferred()
            do throws(Problem) {
                try model.submit(.describe(details(to: deferred), isNew: false))
            } catch { deferred.send(error.response) }
            return
        }
        answers.answer(request, responder, items: weights.classCount) { () throws(Problem) in
            ModelAnswer(ModelDetails(model, weights), condition).text()
        }
    }

    private func patch(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) {
        let model = try registry.model(of: request)
        try Self.requireMediaType(request, "application/json")
        let value = try request.decodeBody { (body) throws(Problem) in
            try RowReader.value(body, expected: #"a JSON object with "ridge", "imbalance" or "balance""#)
        }
        let patch: ModelPatch
        do throws(ConfigurationError) {
            patch = try ConfigurationJSON.decodePatch(value)
        } catch { throw Problem(.badRequest, error.description) }
        try model.submit(.reconfigure(patch, details(to: responder)))
    }

    private func rebalance(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) {
        let completion = Completion<Rebalanced>(responder) { outcome in
            responder.send(
                .json { writer in
                    writer.member("model", outcome.model)
                    writer.member("version", outcome.version)
                    writer.member("balanced_version", outcome.balancedVersion)
                })
        }
        try registry.model(of: request).submit(.rebalance(completion))
    }

    private func delete(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) {
        registry.delete(try registry.model(of: request), Completion(responder) { responder.send(Response(.noContent)) })
    }

    /// Answers with a model's details.
    private func details(to responder: DeferredResponder, _ status: Status = .ok) -> Completion<ModelDetails> {
        Completion(responder) { [answers] in answers.answer(ModelAnswer($0).text(status), to: responder) }
    }

    /// All models, including those not loaded, so that they are not mistaken for models that never existed.
    private func list() -> AnswerText {
        // Models still being created have not been acknowledged.
        let summaries = registry.all.map(ModelSummary.init).filter { !$0.isBeingMade }
        var text = AnswerText()
        text.add { writer in
            writer.beginObject()
            writer.key("models")
            writer.beginArray()
        }
        text.add(summaries.count) { writer, index in
            writer.beginObject()
            summaries[index].write(to: &writer)
            writer.endObject()
        }
        text.add { writer in
            writer.endArray()
            writer.endObject()
        }
        return text
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

    /// Accepts a body of one media type, or without one.
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
