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
        input: "features", outputs: ["label": false, "score": true, "probability": true, "novelty": false, "set": false],
        parameter: "weights", values: ["plain", "balanced"],
        numbers: ["reject": NoveltyQuantiles.shares, "coverage": 0.8...0.99, "balance": 0...1],
        maximumMagnitude: FeatureLimits.largestMagnitude)

    /// The number of default outputs of weights with this calibration: they are the signature's first ones. The others are returned if
    /// a request names them, or gives the parameter they need.
    static func outputCount(_ calibration: Calibration?) -> Int {
        InferenceOutput.probability.rawValue + (calibration == nil ? 0 : 1)
    }

    /// A model's outputs that need no parameter, with their names.
    static func outputs(of weights: PublishedWeights) -> [(name: StaticString, output: InferenceOutput)] {
        var outputs: [InferenceOutput] = [.label, .score]
        if weights.calibration(of: weights.defaultWeights) != nil { outputs.append(.probability) }
        if weights.mayHaveNovelty { outputs.append(.novelty) }
        return outputs.map { (signature.outputs[$0.rawValue], $0) }
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
    /// FP32 [n]: how much farther the row lies from the nearest class than from all rows together.
    case novelty
    /// BYTES [n]: the labels of the row's set, best first, as a JSON array.
    case set

    /// Whether its values are text.
    var isText: Bool { self == .label || self == .set }
    /// Whether it has a value for each class.
    var hasClasses: Bool { self == .score || self == .probability }
}

extension InferenceRequest.Output {
    /// Which output it is.
    var kind: InferenceOutput { InferenceOutput(rawValue: index) ?? .label }
    /// Whether its values are text.
    var isText: Bool { kind.isText || classes != nil }
}
