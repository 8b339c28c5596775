internal import AnalyticLearning
internal import TensorFormats

/// The answers and requests of the Open Inference Protocol.
extension Schema {
    static let inferenceError = object([.required("error", string(), "What is wrong, and in which tensor.")]).named("InferenceError")

    static let inferenceHealth = object([.required("live", bool), .required("ready", bool)]).named("InferenceHealth")

    static let inferenceServer = object([
        .required("name", oneOf("accrue")), .required("version", string()),
        .required("extensions", array(of: string()), "The protocol extensions that the server supports."),
    ]).named("InferenceServer")

    static let inferenceModels = object([.required("models", array(of: modelName), "Sorted.")]).named("InferenceModels")

    // MARK: Models

    static let inferenceVersion = string(pattern: "^[0-9]+$").described("A model's version in decimal.").named("InferenceVersion")
    private static let shape = array(of: integer(-1 ... .max)).described("-1 is any size.").named("InferenceShape")
    private static let labels = object([.required("labels", string(), "The labels in the order of the values: a JSON array as text.")])

    private static let tensorMetadata = object([
        .required("name", string()), .required("datatype", datatype), .required("shape", shape), .optional("parameters", labels),
    ]).named("InferenceTensorMetadata")

    static let inferenceModel = object([
        .required("name", modelName), .required("versions", array(of: inferenceVersion), "The current version only."),
        .required("platform", oneOf("accrue")), .required("inputs", array(of: tensorMetadata)),
        .required("outputs", array(of: tensorMetadata)),
    ]).named("InferenceModel")

    static let inferenceModelReadiness = object([
        .required("name", modelName), .required("ready", bool), .optional("error", string(), "Why it is not ready."),
    ]).named("InferenceModelReadiness")

    private static let tensorConfiguration = object([
        .required("name", string()), .required("data_type", oneOf("TYPE_FP32", "TYPE_STRING")), .required("dims", shape),
    ]).named("InferenceTensorConfiguration")

    static let inferenceConfiguration = object([
        .required("name", modelName), .required("platform", oneOf("accrue")), .required("backend", oneOf("accrue")),
        .required("max_batch_size", integer(0...0), "0: the first dimension is part of the shapes."),
        .required("input", array(of: tensorConfiguration)), .required("output", array(of: tensorConfiguration)),
    ]).named("InferenceConfiguration")

    private static let duration = object([.required("count", count), .required("ns", count)]).named("InferenceDuration")

    static let inferenceStatistics = object([
        .required(
            "model_stats",
            array(
                of: object([
                    .required("name", modelName), .required("version", inferenceVersion),
                    .required("last_inference", count, "Milliseconds since 1970; 0 before the first."),
                    .required("inference_count", count, "Rows."), .required("execution_count", count, "Requests."),
                    .required(
                        "inference_stats",
                        object(
                            ["success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss"]
                                .map { .required($0, duration) })),
                    .required("batch_stats", array(of: object([]))),
                ])))
    ]).named("InferenceStatistics")

    // MARK: Inference

    private static let datatype = oneOf(
        "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "BF16", "FP32", "FP64", "BYTES"
    )
    .named("InferenceDatatype")

    private static let values = oneOf([row, array(of: row, count: 1 ... .max)])
    private static let row = array(of: number(-FeatureLimits.largestMagnitude...FeatureLimits.largestMagnitude), count: 1 ... .max)

    private static let input = object([
        .required("name", oneOf("features")),
        .required("shape", array(of: integer(1 ... .max), count: 2...2), "[rows, the model's dimension]"),
        .required(
            "datatype", oneOf("UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "BF16", "FP32", "FP64"),
            "JSON cannot hold FP16 and BF16: send them as binary data."),
        .optional(
            "parameters",
            object([.optional("binary_data_size", count, "The size of the tensor's data after the JSON, in octets.")]).orNull),
        .optional("data", values, "The rows, nested or flat; omitted with `binary_data_size`."),
    ]).named("InferenceInput")

    private static let requestedOutput = object([
        .required("name", oneOf("label", "score", "probability", "novelty", "set")),
        .optional(
            "parameters",
            object([
                .optional("binary_data", bool, "Whether the values follow the JSON as binary."),
                .optional(
                    "classification", integer(1 ... .max),
                    "Returns this many of the best classes as `value:index:label`; not for `label`."),
            ]).orNull),
    ]).named("InferenceRequestedOutput")

    static let inferenceRequest = object([
        .optional("id", string().orNull, "Returned in the answer."),
        .optional(
            "parameters",
            object([
                .optional("weights", weightsKind, "As in predict."), .optional("balance", share, "As in predict."),
                .optional("reject", rejectedShare, "As in predict: the `label` of rejected rows is empty."),
                .optional("coverage", coverageLevel, "As in predict: adds the output `set`, for each row a JSON array of labels."),
                .optional("binary_data_output", bool, "Whether outputs are binary by default."),
            ]).orNull),
        .required("inputs", array(of: input, count: 1...1)),
        .optional("outputs", array(of: requestedOutput).orNull, "The outputs to return; by default all but `novelty` and `set`."),
    ]).named("InferenceRequest")

    static let inferenceAnswer = object([
        .required("model_name", modelName), .required("model_version", inferenceVersion), .optional("id", string()),
        .required(
            "parameters",
            object([
                .required("weights", weightsKind), .optional("balanced_version", version),
                .optional("balance", share, "As in predict, except that it is left out where it would be null."),
                .optional("temperature", number(), "The temperature of the probabilities, if they are among the outputs."),
                .optional("reject", rejectedShare), .optional("novelty_threshold", number(), "The novelty of rejected rows is above it."),
                .optional("least_probability", share, "That of the labels in sets."),
            ])),
        .required(
            "outputs",
            array(
                of: object([
                    .required("name", string()), .required("datatype", datatype), .required("shape", shape),
                    .optional("parameters", object([.required("binary_data_size", count)])),
                    .optional("data", oneOf([array(of: number()), array(of: string(), count: 1 ... .max)])),
                ]).named("InferenceOutput"))),
    ]).named("InferenceAnswer")

    // MARK: Repository

    static let repositoryRequest = object([.optional("ready", bool, "Whether to list only models that can predict.")])
        .named("RepositoryRequest")

    static let repositoryLoad = object([.optional("parameters", object([]).adding("maxProperties", .integer(0)), "None.")])
        .named("RepositoryLoad")

    static let repositoryIndex = array(
        of: object([
            .required("name", modelName), .optional("version", inferenceVersion), .required("state", oneOf("READY", "UNAVAILABLE")),
            .required("reason", string(), "Why the model is unavailable; empty otherwise."),
        ])
    ).named("RepositoryIndex")

    static let nothing = object([]).named("Nothing")
}
