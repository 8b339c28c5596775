internal import TensorFormats

/// What the Open Inference Protocol says and is told.
extension Schema {
    static let inferenceError = object([.required("error", string(), "What was wrong, by the name of the tensor.")]).named("InferenceError")

    static let inferenceHealth = object([.required("live", bool), .required("ready", bool)]).named("InferenceHealth")

    static let inferenceServer = object([
        .required("name", oneOf("accrue")), .required("version", string()),
        .required("extensions", array(of: string()), "Extensions of the protocol that the server has."),
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
        .required("name", modelName), .required("versions", array(of: inferenceVersion), "The current one."),
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
        .required("max_batch_size", integer(0...0), "The first dimension is part of the shapes."),
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

    private static let values = oneOf([array(of: number(-1e50...1e50), count: 1 ... .max), array(of: row, count: 1 ... .max)])
    private static let row = array(of: number(-1e50...1e50), count: 1 ... .max)

    private static let input = object([
        .required("name", oneOf("features")),
        .required("shape", array(of: integer(1 ... .max), count: 2...2), "[rows, the model's dimension]"),
        .required(
            "datatype", oneOf("UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "BF16", "FP32", "FP64"),
            "FP16 and BF16 have no form in JSON."),
        .optional(
            "parameters", object([.optional("binary_data_size", count, "The octets that the tensor takes behind the JSON.")]).orNull),
        .optional("data", values, "The rows, nested or one after the other; left out with `binary_data_size`."),
    ]).named("InferenceInput")

    private static let requestedOutput = object([
        .required("name", oneOf("label", "score", "probability")),
        .optional(
            "parameters",
            object([
                .optional("binary_data", bool, "Whether the values follow the JSON as binary."),
                .optional(
                    "classification", integer(1 ... .max), "Gives so many of the best classes as `value:index:label`; not of `label`."),
            ]).orNull),
    ]).named("InferenceRequestedOutput")

    static let inferenceRequest = object([
        .optional("id", string().orNull, "Comes back in the answer."),
        .optional(
            "parameters",
            object([
                .optional("weights", weightsKind, "As in predict."),
                .optional("binary_data_output", bool, "Whether outputs are binary that do not say otherwise."),
            ]).orNull),
        .required("inputs", array(of: input, count: 1...1)),
        .optional("outputs", array(of: requestedOutput).orNull, "All, if left out."),
    ]).named("InferenceRequest")

    static let inferenceAnswer = object([
        .required("model_name", modelName), .required("model_version", inferenceVersion), .optional("id", string()),
        .required(
            "parameters",
            object([
                .required("weights", weightsKind), .optional("balanced_version", version),
                .optional("temperature", number(), "What makes scores probabilities, where those are among the outputs."),
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

    static let repositoryRequest = object([.optional("ready", bool, "Whether only models that can predict are listed.")])
        .named("RepositoryRequest")

    static let repositoryLoad = object([.optional("parameters", object([]).adding("maxProperties", .integer(0)), "None.")])
        .named("RepositoryLoad")

    static let repositoryIndex = array(
        of: object([
            .required("name", modelName), .optional("version", inferenceVersion), .required("state", oneOf("READY", "UNAVAILABLE")),
            .required("reason", string(), "Why it is unavailable; else empty."),
        ])
    ).named("RepositoryIndex")

    static let nothing = object([]).named("Nothing")
}
