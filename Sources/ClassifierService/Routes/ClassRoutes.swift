internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// `GET /v1/models/{model}/classes`, and `PATCH` and `DELETE …/classes/{label}`; labels are percent-encoded in the path.
struct ClassRoutes: Sendable {
    let registry: ModelRegistry

    func add(to routes: inout RouteSet) {
        routes.on(.listClasses) { request, responder in
            let deferred = responder.deferred()
            do throws(Problem) { deferred.send(try list(request)) } catch { deferred.send(error.response) }
        }
        routes.on(.renameClass, maximumBodySize: ModelRoutes.maximumBody) { request, responder in
            let deferred = responder.deferred()
            do throws(Problem) { try rename(request, deferred) } catch { deferred.send(error.response) }
        }
        routes.on(.deleteClass) { request, responder in
            let deferred = responder.deferred()
            do throws(Problem) {
                try registry.model(of: request).enqueue(.deleteClass(try Self.label(request), deferred))
            } catch { deferred.send(error.response) }
        }
    }

    private func list(_ request: borrowing Request) throws(Problem) -> Response {
        let model = try registry.model(of: request)
        let weights = try model.weights()
        let measures = weights.evaluation.overall
        return .json { writer in
            writer.key("model")
            writer.write(model.name)
            writer.key("version")
            writer.write(weights.version)
            writer.key("classes")
            writer.beginArray()
            for (column, label) in weights.labels.enumerated() {
                writer.beginObject()
                writer.key("label")
                writer.write(label)
                writer.key("count")
                writer.write(weights.counts[column])
                writer.key("accuracy")
                writer.write(measures.accuracy(of: column))
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private func rename(_ request: borrowing Request, _ responder: DeferredResponder) throws(Problem) {
        let model = try registry.model(of: request)
        let label = try Self.label(request)
        try ModelRoutes.requireMediaType(request, "application/json")
        let value = try request.decodeBody { (body) throws(Problem) in
            try RowReader.value(body, expected: #"a JSON object with "label""#)
        }
        guard let object = value.object, object.entries.count == 1, let new = object["label"]?.string else {
            throw Problem(.badRequest, "the body must be {\"label\": \"the new name\"}")
        }
        try model.enqueue(.renameClass(label, to: new, responder))
    }

    private static func label(_ request: borrowing Request) throws(Problem) -> String {
        guard let label = request.parameter(1) else { throw Problem(.badRequest, "the label in the path is not UTF-8") }
        return label
    }
}

extension JSONWriter {
    /// Writes a number, or null where there is none.
    mutating func write(_ value: Double?) {
        if let value { write(value) } else { writeNull() }
    }
}
