internal import AnalyticLearning
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// `GET /v1/models/{model}/classes`, `PATCH` and `DELETE …/classes/{label}`, and `POST …/classes/{label}/merge`; labels are
/// percent-encoded in the path.
struct ClassRoutes: Sendable {
    let registry: ModelRegistry
    let answers: AnswerSender

    func add(to routes: inout RouteSet) {
        routes.on(.listClasses) { request, responder in list(request, responder) }
        routes.on(.renameClass, maximumBodySize: ServiceLimits.configurationBody) { request, responder in
            let deferred = responder.deferred()
            do throws(Problem) { try rename(request, deferred) } catch { deferred.send(error.response) }
        }
        routes.on(.joinClasses, maximumBodySize: ServiceLimits.configurationBody) { request, responder in
            let deferred = responder.deferred()
            do throws(Problem) { try join(request, deferred) } catch { deferred.send(error.response) }
        }
        routes.on(.deleteClass) { request, responder in
            let deferred = responder.deferred()
            do throws(Problem) {
                let completion = Completion<ClassDeleted>(deferred) { answers.answer($0.text, to: deferred) }
                try registry.model(of: request).submit(.deleteClass(try Self.label(request), completion))
            } catch { deferred.send(error.response) }
        }
    }

    private func list(_ request: borrowing Request, _ responder: consuming Responder) {
        let (model, weights, page): (Model, PublishedWeights, ClassPage)
        do throws(Problem) {
            model = try registry.model(of: request)
            weights = try model.weights()
            page = try ClassPage(request)
        } catch { return responder.send(error.response) }
        answers.answer(request, responder, items: weights.classCount) { () throws(Problem) in
            try page.text(model.name, weights)
        }
    }

    private func rename(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) {
        let model = try registry.model(of: request)
        let label = try Self.label(request)
        let new = try Self.member("label", of: request, #"a JSON object with "label""#, example: "the new name")
        let completion = Completion<ClassRenamed>(responder) { [answers] in answers.answer($0.text, to: responder) }
        try model.submit(.renameClass(label, to: new, completion))
    }

    private func join(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) {
        let model = try registry.model(of: request)
        let label = try Self.label(request)
        let target = try Self.member("into", of: request, #"a JSON object with "into""#, example: "the other class")
        let key = try IdempotencyKey.of(request).map { key in
            JoinKey(RequestIdentity(key: key, block: 0, hash: RequestIdentity.hash(label, into: target))) { $0.octets }
        }
        let completion = Completion<Keyed<ClassesJoined>>(responder) { [answers] in answers.answer($0.text, to: responder) }
        try model.submit(.joinClasses(label, into: target, key, completion))
    }

    /// The label that is a body's only member.
    private static func member(
        _ name: String, of request: borrowing Request, _ expected: StaticString, example: String
    ) throws(Problem) -> Label {
        try ModelRoutes.requireMediaType(request, "application/json")
        let value = try request.decodeBody { (body) throws(Problem) in
            try RowReader.value(body, expected: expected)
        }
        guard let object = value.object, object.entries.count == 1, let text = object[name]?.string else {
            throw Problem(.badRequest, "the body must be {\"\(name)\": \"\(example)\"}")
        }
        return try label(text, "\"\(name)\"")
    }

    private static func label(_ request: borrowing Request) throws(Problem) -> Label {
        guard let text = request.parameter(1) else { throw .label("the label in the path", .notUTF8) }
        return try label(text, "the label in the path")
    }

    private static func label(_ text: String, _ place: String) throws(Problem) -> Label {
        do throws(LabelError) { return try Label(text) } catch { throw .label(place, error) }
    }
}

extension JSONWriter {
    /// Writes a number, or null for nil.
    mutating func write(_ value: Double?) {
        if let value { write(value) } else { writeNull() }
    }
}
