internal import AnalyticLearning
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// The model repository extension. Models are created and deleted under `/v1`; here they are listed, and loading checks that one exists.
struct InferenceRepositoryRoutes: Sendable {
    let registry: ModelRegistry
    let answers: AnswerSender

    func add(to routes: inout RouteSet) {
        let limit = ServiceLimits.configurationBody
        routes.on(.repositoryIndex, maximumBodySize: limit) { request, responder in
            index(request, responder)
        }
        routes.on(.repositoryLoad, maximumBodySize: limit) { request, responder in
            Self.answer(responder) { () throws(Problem) in try load(request) }
        }
        routes.on(.repositoryUnload, maximumBodySize: limit) { request, responder in
            Self.answer(responder) { () throws(Problem) in
                let name = try registry.model(of: request).name
                // An unloaded model could be loaded again from disk. Without a data directory, its state would be lost.
                throw Problem(
                    .badRequest,
                    "the model \"\(name)\" cannot be unloaded: its state is what it has learned; DELETE /v1/models/\(name) deletes it")
            }
        }
    }

    private static func answer(_ responder: consuming Responder, _ body: () throws(Problem) -> Response) {
        let response: Response
        do throws(Problem) { response = try body() } catch { response = error.inferenceResponse }
        responder.send(response)
    }

    /// All models, or with `{"ready": true}` those that can predict.
    private func index(_ request: borrowing Request, _ responder: consuming Responder) {
        let isReadyOnly: Bool
        do throws(Problem) { isReadyOnly = try Self.isReadyOnly(request) } catch { return responder.send(error.inferenceResponse) }
        answers.answer(request, responder, items: registry.count, form: .inference) { () throws(Problem) in
            Self.index(registry.all, isReadyOnly: isReadyOnly)
        }
    }

    private static func index(_ models: [Model], isReadyOnly: Bool) -> AnswerText {
        let entries = models.map { (name: $0.name, version: $0.published?.version, reason: OpenInference.reasonNotReady($0)) }
            .filter { !isReadyOnly || $0.reason == nil }
        var text = AnswerText()
        text.add { $0.beginArray() }
        text.add(entries.count) { writer, index in
            let entry = entries[index]
            writer.beginObject()
            writer.member("name", entry.name)
            if let version = entry.version {
                writer.member("version", decimal: version)
            }
            writer.member("state", entry.reason == nil ? "READY" : "UNAVAILABLE" as StaticString)
            writer.member("reason", entry.reason ?? "")
            writer.endObject()
        }
        text.add { $0.endArray() }
        return text
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
            problem.detail += "; PUT /v1/models/{model} creates one, PUT /v1/models/{model}/snapshot restores one"
            throw problem
        }
        if let value = try Self.body(request)?["parameters"] {
            guard let parameters = value.object else {
                throw Problem(.badRequest, "\"parameters\" is \(value.kind), expected an object")
            }
            if let parameter = parameters.entries.first {
                throw Problem(
                    .badRequest,
                    "a model cannot be loaded with the parameter \"\(parameter.key.prefix(160))\", expected no parameters; "
                        + "PUT /v1/models/\(model.name) configures it")
            }
        }
        _ = try model.weights()
        return .json { _ in }
    }

    /// The object in the body; nil if there is no body.
    private static func body(_ request: borrowing Request) throws(Problem) -> JSONObject? {
        guard request.bodyCount > 0 else { return nil }
        let value = try request.decodeBody { (body) throws(Problem) in try RowReader.value(body, expected: "an object") }
        guard let object = value.object else { throw Problem(.badRequest, "the body is \(value.kind), expected an object") }
        return object
    }
}
