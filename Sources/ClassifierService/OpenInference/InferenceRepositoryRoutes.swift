internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// The model repository extension. Models are made and deleted under `/v1`: here they are listed, and loading one finds it.
struct InferenceRepositoryRoutes: Sendable {
    let registry: ModelRegistry

    func add(to routes: inout RouteSet) {
        let limit = ModelRoutes.maximumBody
        routes.on(.repositoryIndex, maximumBodySize: limit) { request, responder in
            Self.answer(responder) { () throws(Problem) in try index(request) }
        }
        routes.on(.repositoryLoad, maximumBodySize: limit) { request, responder in
            Self.answer(responder) { () throws(Problem) in try load(request) }
        }
        routes.on(.repositoryUnload, maximumBodySize: limit) { request, responder in
            Self.answer(responder) { () throws(Problem) in
                let name = try registry.model(of: request).name
                // An unloaded model is on disk and comes back. Without a data directory this one would be gone, and what it has
                // learned with it.
                throw Problem(
                    .badRequest,
                    "the model \"\(name)\" is not unloaded: what it has learned is its state. DELETE /v1/models/\(name) forgets it")
            }
        }
    }

    private static func answer(_ responder: consuming Responder, _ body: () throws(Problem) -> Response) {
        let response: Response
        do throws(Problem) { response = try body() } catch { response = error.inferenceResponse }
        responder.send(response)
    }

    /// All models, or with `{"ready": true}` those that can predict.
    private func index(_ request: borrowing Request) throws(Problem) -> Response {
        let isReadyOnly = try Self.isReadyOnly(request)
        var writer = JSONWriter()
        writer.beginArray()
        for model in registry.all {
            let reason = OpenInference.reasonNotReady(model)
            if isReadyOnly, reason != nil { continue }
            writer.beginObject()
            writer.key("name")
            writer.write(model.name)
            if let weights = model.published {
                writer.key("version")
                writer.write(decimal: weights.version)
            }
            writer.key("state")
            writer.write(reason == nil ? "READY" : "UNAVAILABLE" as StaticString)
            writer.key("reason")
            writer.write(reason ?? "")
            writer.endObject()
        }
        writer.endArray()
        return Response(.ok, contentType: "application/json", bytes: writer.array)
    }

    private static func isReadyOnly(_ request: borrowing Request) throws(Problem) -> Bool {
        guard let value = try body(request)?["ready"] else { return false }
        guard let isReady = value.bool else { throw Problem(.badRequest, "\"ready\" is \(value.kind), expected true or false") }
        return isReady
    }

    private func load(_ request: borrowing Request) throws(Problem) -> Response {
        let model: Model
        do throws(Problem) { model = try registry.model(of: request) } catch {
            var problem = error
            problem.detail += "; PUT /v1/models/{model} makes one, PUT /v1/models/{model}/snapshot restores one"
            throw problem
        }
        if let value = try Self.body(request)?["parameters"] {
            guard let parameters = value.object else {
                throw Problem(.badRequest, "\"parameters\" is \(value.kind), expected an object")
            }
            if let parameter = parameters.entries.first {
                throw Problem(
                    .badRequest,
                    "a model cannot be loaded with the parameter \"\(parameter.key.prefix(160))\", expected none: "
                        + "PUT /v1/models/\(model.name) configures it")
            }
        }
        _ = try model.weights()
        return .json { _ in }
    }

    /// The object that the body holds; nil where there is no body.
    private static func body(_ request: borrowing Request) throws(Problem) -> JSONObject? {
        guard request.bodyCount > 0 else { return nil }
        let value = try request.decodeBody { (body) throws(Problem) in try RowReader.value(body, expected: "an object") }
        guard let object = value.object else { throw Problem(.badRequest, "the body is \(value.kind), expected an object") }
        return object
    }
}
