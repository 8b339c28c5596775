internal import AnalyticLearning
internal import HTTPServer
internal import TensorFormats

/// The Open Inference Protocol (KServe V2) under `/v2`, with its extensions for binary tensors, classification, the model repository,
/// model configuration and statistics.
enum OpenInference {
    /// What every model is asked.
    static let signature = InferenceSignature(
        input: "features", outputs: ["label": false, "score": true, "probability": true], parameter: "weights",
        values: ["plain", "balanced"],
        maximumMagnitude: RowReader.maximumMagnitude)

    /// How many outputs a model has with these weights: the first so many of the signature's.
    static func outputCount(_ weights: PublishedWeights, _ kind: WeightsKind) -> Int {
        weights.calibration(of: kind) == nil ? InferenceOutput.probability.rawValue : signature.outputs.count
    }

    /// The outputs that a model has by default: their names, and whether they have a value for each class.
    static func outputs(of weights: PublishedWeights) -> [(name: StaticString, hasClasses: Bool)] {
        (0..<outputCount(weights, weights.defaultWeights)).map { (signature.outputs[$0], signature.hasClasses[$0]) }
    }

    /// What beside the protocol itself is there.
    static let extensions: [StaticString] = [
        "binary_tensor_data", "classification", "model_repository", "model_configuration", "statistics",
    ]

    /// Adds all routes.
    static func addRoutes(
        to routes: inout RouteSet, registry: ModelRegistry, pool: ComputePool, limits: ServiceLimits, eventLoops: Int
    ) {
        InferenceHealthRoutes(registry: registry).add(to: &routes)
        InferenceModelRoutes(registry: registry).add(to: &routes)
        InferenceRepositoryRoutes(registry: registry).add(to: &routes)
        InferRoute(registry: registry, pool: pool, limits: limits, eventLoops: eventLoops).add(to: &routes)
    }

    /// Gives the server's own errors under `/v2` the protocol's form.
    static func formatErrors(of configuration: inout ServerConfiguration) {
        let usual = configuration.errorFormatter
        configuration.errorFormatter = { path, status, detail in
            owns(path) ? ("application/json", content(of: detail)) : usual(path, status, detail)
        }
    }

    /// Whether a path is the protocol's.
    static func owns(_ path: UnsafeRawBufferPointer) -> Bool {
        path.starts(with: "/v2".utf8) && (path.count == 3 || path[3] == UInt8(ascii: "/"))
    }

    /// `{"error": …}`.
    static func content(of detail: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("error")
        writer.write(detail)
        writer.endObject()
        return writer.array
    }
}

extension Problem {
    /// The answer in the form of the Open Inference Protocol.
    var inferenceResponse: Response {
        Response(status, contentType: "application/json", headers: response.headers, bytes: OpenInference.content(of: detail))
    }
}
