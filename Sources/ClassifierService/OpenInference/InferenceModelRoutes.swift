internal import AnalyticLearning
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// The protocol's information about models: metadata, readiness, configuration and statistics.
struct InferenceModelRoutes: Sendable {
    let registry: ModelRegistry
    let answers: AnswerSender

    func add(to routes: inout RouteSet) {
        routes.on(.inferenceModels) { request, responder in
            answers.answer(request, responder, items: registry.count, form: .inference) { () throws(Problem) in
                Self.list("models", registry.all.map(\.name)) { writer, name in writer.write(name) }
            }
        }
        // A model may be named "stats"; its metadata is then only available with its version.
        routes.on(.allInferenceStatistics) { request, responder in
            answers.answer(request, responder, items: registry.count, form: .inference) { () throws(Problem) in
                Self.statistics(registry.all)
            }
        }
        on(Operation.inferenceModel, &routes, Self.metadata)
        on(Operation.inferenceModelReadiness, &routes, Self.readiness)
        on(Operation.inferenceConfiguration, &routes, Self.configuration)
        on(Operation.inferenceStatistics, &routes) { model, _ in Self.statistics([model]) }
    }

    private func on(
        _ operations: [Operation], _ routes: inout RouteSet, _ body: @escaping @Sendable (Model, PublishedWeights) -> AnswerText
    ) {
        for operation in operations {
            routes.on(operation) { request, responder in
                let (model, weights): (Model, PublishedWeights)
                do throws(Problem) {
                    model = try registry.model(of: request)
                    weights = try model.weights()
                    try OpenInference.checkVersion(request, model, weights)
                } catch { return responder.send(error.inferenceResponse) }
                answers.answer(request, responder, items: weights.classCount, form: .inference) { () throws(Problem) in
                    body(model, weights)
                }
            }
        }
    }

    // MARK: Answers

    /// An object with one array.
    private static func list<Element: Sendable>(
        _ key: StaticString, _ elements: [Element], _ write: @escaping @Sendable (inout JSONWriter, Element) -> Void
    ) -> AnswerText {
        var text = AnswerText()
        text.add { writer in
            writer.beginObject()
            writer.key(key)
            writer.beginArray()
        }
        text.add(elements.count) { writer, index in write(&writer, elements[index]) }
        text.add { writer in
            writer.endArray()
            writer.endObject()
        }
        return text
    }

    /// An object of bounded length.
    private static func object(_ status: Status = .ok, _ body: @escaping @Sendable (inout JSONWriter) -> Void) -> AnswerText {
        var text = AnswerText(status)
        text.add { writer in
            writer.beginObject()
            body(&writer)
            writer.endObject()
        }
        return text
    }

    private static func metadata(_ model: Model, _ weights: PublishedWeights) -> AnswerText {
        let (name, version, labels, dimension) = (model.name, weights.version, weights.labels, weights.configuration.dimension)
        var text = AnswerText()
        text.add { writer in
            writer.beginObject()
            writer.member("name", name)
            writer.key("versions")
            writer.beginArray()
            writer.write(decimal: version)
            writer.endArray()
            writer.member("platform", "accrue" as StaticString)
            writer.key("inputs")
            writer.beginArray()
            tensor(&writer, OpenInference.signature.input, "FP32", [-1, dimension])
            writer.endObject()
            writer.endArray()
            writer.key("outputs")
            writer.beginArray()
        }
        for (name, output) in OpenInference.outputs(of: weights) {
            // The shape is -1 because the number of classes grows while a client keeps the metadata.
            text.add { writer in tensor(&writer, name, output.isText ? "BYTES" : "FP32", output.hasClasses ? [-1, -1] : [-1]) }
            if output.hasClasses {
                // In the protocol, parameters are strings, numbers or booleans: the labels are a JSON array in a string.
                text.add { writer in
                    writer.key("parameters")
                    writer.beginObject()
                    writer.key("labels")
                    writer.append(raw: "\"[")
                }
                text.add(labels.count) { writer, column in
                    if column > 0 { writer.append(raw: ",") }
                    var inner = JSONWriter()
                    inner.write(labels[column])
                    var outer = JSONWriter()
                    inner.withUnsafeBytes { outer.write(utf8: $0) }
                    outer.withUnsafeBytes { writer.append(octets: UnsafeRawBufferPointer(rebasing: $0[1..<($0.count - 1)])) }
                }
                text.add { writer in
                    writer.append(raw: "]\"")
                    writer.endObject()
                }
            }
            text.add { $0.endObject() }
        }
        text.add { writer in
            writer.endArray()
            writer.endObject()
        }
        return text
    }

    /// Begins a tensor's object.
    private static func tensor(_ writer: inout JSONWriter, _ name: StaticString, _ datatype: StaticString, _ shape: [Int]) {
        writer.beginObject()
        writer.member("name", name)
        writer.member("datatype", datatype)
        writer.key("shape")
        writer.beginArray()
        for size in shape { writer.write(size) }
        writer.endArray()
    }

    /// 200 if the model can predict, otherwise 4xx: clients check nothing else.
    private static func readiness(_ model: Model, _ weights: PublishedWeights) -> AnswerText {
        let (name, reason) = (model.name, OpenInference.reasonNotReady(model))
        return object(reason == nil ? .ok : .conflict) { writer in
            writer.member("name", name)
            writer.member("ready", reason == nil)
            if let reason {
                writer.member("error", reason)
            }
        }
    }

    /// The format of Triton's model configuration extension.
    private static func configuration(_ model: Model, _ weights: PublishedWeights) -> AnswerText {
        let (name, dimension, outputs) = (model.name, weights.configuration.dimension, OpenInference.outputs(of: weights))
        return object { writer in
            writer.member("name", name)
            writer.member("platform", "accrue" as StaticString)
            writer.member("backend", "accrue" as StaticString)
            // 0: the first dimension is part of the shapes.
            writer.member("max_batch_size", 0)
            writer.key("input")
            writer.beginArray()
            configured(&writer, OpenInference.signature.input, "TYPE_FP32", [-1, dimension])
            writer.endArray()
            writer.key("output")
            writer.beginArray()
            for (name, output) in outputs {
                configured(&writer, name, output.isText ? "TYPE_STRING" : "TYPE_FP32", output.hasClasses ? [-1, -1] : [-1])
            }
            writer.endArray()
        }
    }

    private static func configured(_ writer: inout JSONWriter, _ name: StaticString, _ type: StaticString, _ dimensions: [Int]) {
        writer.beginObject()
        writer.member("name", name)
        writer.member("data_type", type)
        writer.key("dims")
        writer.beginArray()
        for size in dimensions { writer.write(size) }
        writer.endArray()
        writer.endObject()
    }

    /// The numbers are read before writing: they change meanwhile.
    private static func statistics(_ models: [Model]) -> AnswerText {
        let entries = models.compactMap { model -> [UInt8]? in
            guard let weights = model.published else { return nil }
            var writer = JSONWriter()
            model.inferences.write(model.name, version: weights.version, to: &writer)
            return writer.array
        }
        return list("model_stats", entries) { writer, entry in entry.withUnsafeBytes { writer.write(encoded: $0) } }
    }
}

extension OpenInference {
    /// Checks the version in the path, if any: only the current one exists.
    ///
    /// - Throws: 404 for any other.
    static func checkVersion(_ request: borrowing Request, _ model: Model, _ weights: PublishedWeights) throws(Problem) {
        guard request.parameterCount > 1 else { return }
        guard request.parameter(1) == String(weights.version) else {
            throw Problem(
                .notFound,
                "the model \"\(model.name)\" has no version \"\((request.parameter(1) ?? "").prefix(40))\"; the current version is "
                    + "\(weights.version), and older ones are not kept")
        }
    }

    /// Why a model cannot predict now; nil if it can.
    static func reasonNotReady(_ model: Model) -> String? {
        do throws(Problem) {
            _ = try model.scoringWeights()
            return nil
        } catch { return error.detail }
    }
}
