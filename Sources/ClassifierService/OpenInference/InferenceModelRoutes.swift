internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// What the protocol tells of models: metadata, readiness, configuration and statistics.
struct InferenceModelRoutes: Sendable {
    let registry: ModelRegistry

    func add(to routes: inout RouteSet) {
        routes.on(.inferenceModels) { _, responder in
            responder.send(
                .json { writer in
                    writer.key("models")
                    writer.beginArray()
                    for model in registry.all { writer.write(model.name) }
                    writer.endArray()
                })
        }
        // A model may be called "stats"; its metadata is then found under its version.
        routes.on(.allInferenceStatistics) { _, responder in responder.send(Self.statistics(registry.all)) }
        on(Operation.inferenceModel, &routes, Self.metadata)
        on(Operation.inferenceModelReadiness, &routes, Self.readiness)
        on(Operation.inferenceConfiguration, &routes, Self.configuration)
        on(Operation.inferenceStatistics, &routes) { model, _ in Self.statistics([model]) }
    }

    private func on(
        _ operations: [Operation], _ routes: inout RouteSet, _ body: @escaping @Sendable (Model, PublishedWeights) -> Response
    ) {
        for operation in operations {
            routes.on(operation) { request, responder in
                let response: Response
                do throws(Problem) {
                    let model = try registry.model(of: request)
                    let weights = try model.weights()
                    try OpenInference.checkVersion(request, model, weights)
                    response = body(model, weights)
                } catch { response = error.inferenceResponse }
                responder.send(response)
            }
        }
    }

    // MARK: Answers

    private static func metadata(_ model: Model, _ weights: PublishedWeights) -> Response {
        .json { writer in
            writer.key("name")
            writer.write(model.name)
            writer.key("versions")
            writer.beginArray()
            writer.write(decimal: weights.version)
            writer.endArray()
            writer.key("platform")
            writer.write("accrue" as StaticString)
            writer.key("inputs")
            writer.beginArray()
            tensor(&writer, OpenInference.signature.input, "FP32", [-1, weights.configuration.dimension])
            writer.endArray()
            writer.key("outputs")
            writer.beginArray()
            for (name, hasClasses) in OpenInference.outputs(of: weights) {
                // The number of classes grows while a client keeps its metadata.
                tensor(
                    &writer, name, hasClasses ? "FP32" : "BYTES", hasClasses ? [-1, -1] : [-1], labels: hasClasses ? weights.labels : nil)
            }
            writer.endArray()
        }
    }

    /// Parameters are strings, numbers or booleans in the protocol: labels are a JSON array in a string.
    private static func tensor(
        _ writer: inout JSONWriter, _ name: StaticString, _ datatype: StaticString, _ shape: [Int], labels: [String]? = nil
    ) {
        writer.beginObject()
        writer.key("name")
        writer.write(name)
        writer.key("datatype")
        writer.write(datatype)
        writer.key("shape")
        writer.beginArray()
        for size in shape { writer.write(size) }
        writer.endArray()
        if let labels {
            var list = JSONWriter()
            list.beginArray()
            for label in labels { list.write(label) }
            list.endArray()
            writer.key("parameters")
            writer.beginObject()
            writer.key("labels")
            writer.write(list.string)
            writer.endObject()
        }
        writer.endObject()
    }

    /// 200 where the model can predict, 4xx where it cannot: clients look at nothing else.
    private static func readiness(_ model: Model, _ weights: PublishedWeights) -> Response {
        let reason = OpenInference.reasonNotReady(model)
        return .json(reason == nil ? .ok : .conflict) { writer in
            writer.key("name")
            writer.write(model.name)
            writer.key("ready")
            writer.write(reason == nil)
            if let reason {
                writer.key("error")
                writer.write(reason)
            }
        }
    }

    /// As Triton's model configuration extension has it.
    private static func configuration(_ model: Model, _ weights: PublishedWeights) -> Response {
        .json { writer in
            writer.key("name")
            writer.write(model.name)
            writer.key("platform")
            writer.write("accrue" as StaticString)
            writer.key("backend")
            writer.write("accrue" as StaticString)
            // 0: the first dimension is part of the shapes.
            writer.key("max_batch_size")
            writer.write(0)
            writer.key("input")
            writer.beginArray()
            configured(&writer, OpenInference.signature.input, "TYPE_FP32", [-1, weights.configuration.dimension])
            writer.endArray()
            writer.key("output")
            writer.beginArray()
            for (name, hasClasses) in OpenInference.outputs(of: weights) {
                configured(&writer, name, hasClasses ? "TYPE_FP32" : "TYPE_STRING", hasClasses ? [-1, -1] : [-1])
            }
            writer.endArray()
        }
    }

    private static func configured(_ writer: inout JSONWriter, _ name: StaticString, _ type: StaticString, _ dimensions: [Int]) {
        writer.beginObject()
        writer.key("name")
        writer.write(name)
        writer.key("data_type")
        writer.write(type)
        writer.key("dims")
        writer.beginArray()
        for size in dimensions { writer.write(size) }
        writer.endArray()
        writer.endObject()
    }

    private static func statistics(_ models: [Model]) -> Response {
        .json { writer in
            writer.key("model_stats")
            writer.beginArray()
            for model in models {
                guard let weights = model.published else { continue }
                model.inferences.write(model.name, version: weights.version, to: &writer)
            }
            writer.endArray()
        }
    }
}

extension OpenInference {
    /// Holds the version in the path, if there is one, against the model's: there is no other than the current.
    ///
    /// - Throws: 404.
    static func checkVersion(_ request: borrowing Request, _ model: Model, _ weights: PublishedWeights) throws(Problem) {
        guard request.parameterCount > 1 else { return }
        guard request.parameter(1) == String(weights.version) else {
            throw Problem(
                .notFound,
                "the model \"\(model.name)\" has no version \"\((request.parameter(1) ?? "").prefix(40))\"; the current one is "
                    + "\(weights.version), and older ones are not kept")
        }
    }

    /// Why a model cannot predict now; nil where it can.
    static func reasonNotReady(_ model: Model) -> String? {
        do throws(Problem) {
            _ = try PredictRoute.weights(of: model)
            return nil
        } catch { return error.detail }
    }
}
