internal import AnalyticLearning
internal import Concurrency
internal import HTTPServer
internal import ModelHost
internal import TensorFormats

/// The Open Inference Protocol (KServe V2) under `/v2`, with its extensions for binary tensors, classification, the model repository,
/// model configuration and statistics.
enum OpenInference {
    /// The signature of every model.
    static let signature = InferenceSignature(
        input: "features", outputs: ["label": false, "score": true, "probability": true], parameter: "weights",
        values: ["plain", "balanced"], number: "balance", numbers: 0...1,
        maximumMagnitude: FeatureLimits.largestMagnitude)

    /// The number of outputs of weights with this calibration: they are the signature's first ones.
    static func outputCount(_ calibration: Calibration?) -> Int {
        calibration == nil ? InferenceOutput.probability.rawValue : signature.outputs.count
    }

    /// A model's default outputs: their names, and whether they have a value for each class.
    static func outputs(of weights: PublishedWeights) -> [(name: StaticString, hasClasses: Bool)] {
        (0..<outputCount(weights.calibration(of: weights.defaultWeights))).map { (signature.outputs[$0], signature.hasClasses[$0]) }
    }

    /// Adds all routes.
    static func addRoutes(to routes: inout RouteSet, registry: ModelRegistry, answers: AnswerSender, infer: InferRoute) {
        InferenceHealthRoutes(registry: registry).add(to: &routes)
        InferenceModelRoutes(registry: registry, answers: answers).add(to: &routes)
        InferenceRepositoryRoutes(registry: registry, answers: answers).add(to: &routes)
        infer.add(to: &routes)
    }

    /// Gives the server's own errors under `/v2` the protocol's format.
    static func formatErrors(of configuration: inout ServerConfiguration) {
        let usual = configuration.errorFormatter
        configuration.errorFormatter = { path, status, detail in
            ErrorForm.isInference(path) ? ("application/json", ErrorForm.inferenceContent(of: detail)) : usual(path, status, detail)
        }
    }
}

/// The outputs of every model, by position in the signature.
enum InferenceOutput: Int {
    /// BYTES [n]: the label with the highest score.
    case label
    /// FP32 [n, C]: the scores of all classes.
    case score
    /// FP32 [n, C]: the probability of each class, if the model is calibrated.
    case probability
}
