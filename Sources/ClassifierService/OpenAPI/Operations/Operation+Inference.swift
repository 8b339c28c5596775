internal import HTTPServer
internal import TensorFormats

/// The Open Inference Protocol: the server's metadata, and inference.
extension Operation {
    /// The supported extensions of the protocol.
    static let inferenceExtensions: [StaticString] = [
        "binary_tensor_data", "classification", "model_repository", "model_configuration", "statistics",
    ]

    static let inferenceServer = Operation(
        .get, "/v2", id: "inference_server", tag: .inference, summary: "Describe the server", refusesOtherQueryItems: false,
        answers: [
            Answer(
                .ok, "The server's name, version and protocol extensions.",
                .json(
                    .inferenceServer,
                    example: .object([
                        "name": .string("accrue"), "version": .string(Service.version),
                        "extensions": .array(inferenceExtensions.map { .string($0.description) }),
                    ])))
        ])

    static let inferenceLiveness = Operation(
        .get, "/v2/health/live", access: .anyone, id: "inference_liveness", tag: .inference, summary: "Check that the process is alive",
        refusesOtherQueryItems: false,
        answers: [Answer(.ok, "The process is alive.", .json(.inferenceHealth, example: #"{"live":true,"ready":true}"#))])

    static let inferenceReadiness = Operation(
        .get, "/v2/health/ready", access: .anyone, id: "inference_readiness", tag: .inference,
        summary: "Check that all models are loaded and can learn", refusesOtherQueryItems: false,
        answers: [
            Answer(.ok, "All models are ready.", .json(.inferenceHealth, example: #"{"live":true,"ready":true}"#)),
            Answer(.serviceUnavailable, "Some models are not ready.", .json(.inferenceHealth, example: #"{"live":true,"ready":false}"#)),
        ])

    static let inferenceModels = Operation(
        .get, "/v2/models", id: "inference_models", tag: .inference, summary: "List the names of all models",
        refusesOtherQueryItems: false, answers: [Answer(.ok, "The names.", .json(.inferenceModels, example: #"{"models":["fruit"]}"#))])

    static let allInferenceStatistics = Operation(
        .get, "/v2/models/stats", id: "all_inference_statistics", tag: .inference,
        summary: "Show inference statistics of all models", refusesOtherQueryItems: false,
        answers: [Answer(.ok, "The statistics; each model's counters start when it is created or recovered.", .json(.inferenceStatistics))])

    // MARK: Models, each with and without a version

    static let inferenceModel = versioned(
        .get, "", id: "inference_model", summary: "Describe a model's inputs and outputs",
        answers: [
            Answer(
                .ok, "The inputs and outputs; a calibrated model also has `probability`, and one with two classes `novelty`.",
                .json(
                    .inferenceModel,
                    example: """
                        {"name":"fruit","versions":["1"],"platform":"accrue",\
                        "inputs":[{"name":"features","datatype":"FP32","shape":[-1,3]}],\
                        "outputs":[{"name":"label","datatype":"BYTES","shape":[-1]},{"name":"score","datatype":"FP32","shape":[-1,-1],\
                        "parameters":{"labels":"[\\"apple\\",\\"banana\\"]"}},{"name":"novelty","datatype":"FP32","shape":[-1]}]}
                        """))
        ])

    static let inferenceModelReadiness = versioned(
        .get, "/ready", id: "inference_model_readiness", summary: "Check that a model can predict",
        answers: [
            Answer(.ok, "The model can predict.", .json(.inferenceModelReadiness, example: #"{"name":"fruit","ready":true}"#)),
            Answer(.conflict, "The model cannot predict: it has no classes yet.", .json(.inferenceModelReadiness)),
        ])

    static let inferenceConfiguration = versioned(
        .get, "/config", id: "inference_configuration", summary: "Describe a model as a Triton configuration",
        answers: [
            Answer(
                .ok, "The configuration.",
                .json(
                    .inferenceConfiguration,
                    example: """
                        {"name":"fruit","platform":"accrue","backend":"accrue","max_batch_size":0,"input":[{"name":"features",\
                        "data_type":"TYPE_FP32","dims":[-1,3]}],"output":[{"name":"label","data_type":"TYPE_STRING","dims":[-1]},\
                        {"name":"score","data_type":"TYPE_FP32","dims":[-1,-1]},{"name":"novelty","data_type":"TYPE_FP32","dims":[-1]}]}
                        """))
        ])

    static let inferenceStatistics = versioned(
        .get, "/stats", id: "inference_statistics", summary: "Show a model's inference statistics",
        answers: [Answer(.ok, "The statistics; the counters start when the model is created or recovered.", .json(.inferenceStatistics))])

    static let infer = versioned(
        .post, "/infer", access: .reading, id: "infer", summary: "Predict the labels of rows",
        description: """
            The binary tensor extension works both ways. With the field `Inference-Header-Content-Length`, the content is JSON of that \
            many octets, followed by the data of tensors, as `application/octet-stream`; with the value 0, it consists of FP32 rows only. \
            The content may be compressed with gzip or deflate.
            """,
        parameters: [
            .query("weights", .weightsKind, "As in predict; `weights` in the content takes precedence.", example: .string("plain")),
            .query("balance", .share, "As in predict; `balance` in the content takes precedence.", example: .number(0.5)),
            .header(
                "Inference-Header-Content-Length", .string(pattern: "^[0-9]+$"),
                "The decompressed size of the JSON before the data of tensors, in octets; 0 for FP32 rows only."),
            .header("Content-Encoding", .oneOf("identity", "gzip", "x-gzip", "deflate"), "How the content is compressed."),
        ],
        body: RequestBody(
            description: "Rows of features.",
            content: [
                .json(
                    .inferenceRequest,
                    example: #"{"id":"7","inputs":[{"name":"features","shape":[1,3],"datatype":"FP32","data":[[0.7,0.3,0.3]]}]}"#,
                    calibrated: """
                        {"id":"8","parameters":{"reject":0.01,"coverage":0.95},"inputs":[{"name":"features","shape":[3,3],\
                        "datatype":"FP32","data":[[0.7,0.3,0.3],[0.5,0.6,0.6],[2.4,-1.2,0.1]]}],\
                        "outputs":[{"name":"label"},{"name":"score"},{"name":"novelty"},{"name":"set"}]}
                        """),
                .octets("application/octet-stream"),
            ], takesCodings: true),
        answers: [
            Answer(
                .ok, "The requested outputs.",
                .json(
                    .inferenceAnswer,
                    example: """
                        {"model_name":"fruit","model_version":"1","id":"7","parameters":{"weights":"plain"},"outputs":[{"name":"label",\
                        "datatype":"BYTES","shape":[1],"data":["apple"]},{"name":"score","datatype":"FP32","shape":[1,2],\
                        "data":[0.7276772,0.14016615]}]}
                        """,
                    calibrated: """
                        {"model_name":"fruit","model_version":"25","id":"8","parameters":{"weights":"plain","balance":0.5,\
                        "reject":0.01,"novelty_threshold":0.0014791829475595624,"least_probability":0.2735145516121909},\
                        "outputs":[{"name":"label","datatype":"BYTES","shape":[3],"data":["apple","banana",""]},{"name":"score",\
                        "datatype":"FP32","shape":[3,2],"data":[0.56406605,0.17666924,0.4098102,0.4500529,2.078816,-0.8295972]},\
                        {"name":"novelty","datatype":"FP32","shape":[3],"data":[0.000050240134,0.0013256618,0.008226409]},\
                        {"name":"set","datatype":"BYTES","shape":[3],"data":["[\\"apple\\"]","[\\"apple\\",\\"banana\\"]",\
                        "[\\"apple\\"]"]}]}
                        """), .octets("application/octet-stream"),
                headers: [
                    AnswerHeader(
                        name: "Inference-Header-Content-Length", schema: .count,
                        description: "The size of the JSON in octets, if binary data follows it.", isRequired: false)
                ])
        ],
        refusals: [
            Refusal(
                .badRequest, "The request is malformed.",
                detail: #"input "features" has shape [1, 2], expected [rows, 3], at least 1 row"#),
            Refusal(.conflict, "The model has no classes yet, or the requested balanced weights or `probability` do not exist yet."),
            Refusal(.unsupportedMediaType, "The content's format or its compression is not supported."),
            Refusal(.unprocessableContent, "The outputs would be too large."),
        ])

    /// An operation on a model, and the same on its current version.
    private static func versioned(
        _ method: Method, _ path: String, access: RouteAccess? = nil, id: String, summary: String, description: String = "",
        parameters: [Parameter] = [], body: RequestBody? = nil, answers: [Answer], refusals: [Refusal] = []
    ) -> [Operation] {
        [("/v2/models/{model}", id, [.model]), ("/v2/models/{model}/versions/{version}", id + "_of_version", [.model, .inferenceVersion])]
            .map { (base: String, id: String, inPath: [Parameter]) in
                Operation(
                    method, base + path, access: access, id: id, tag: .inference, summary: summary, description: description,
                    parameters: inPath + parameters, refusesOtherQueryItems: method != .get, body: body, answers: answers,
                    refusals: refusals + [Refusal(.notFound, "There is no such model, or the version is not its current one."), .busy])
            }
    }
}

/// The model repository extension of the Open Inference Protocol.
extension Operation {
    static let repositoryIndex = Operation(
        .post, "/v2/repository/index", access: .reading, id: "repository_index", tag: .inference, summary: "List all models",
        refusesOtherQueryItems: false,
        body: RequestBody(
            description: "Which models to list; all without content.", content: [.json(.repositoryRequest, example: #"{"ready":true}"#)],
            maximumSize: ServiceLimits.configurationBody, checksMediaType: false, isRequired: false),
        answers: [
            Answer(
                .ok, "The models.",
                .json(.repositoryIndex, example: #"[{"name":"fruit","version":"1","state":"READY","reason":""}]"#))
        ],
        refusals: [Refusal(.badRequest, "The content is invalid.")])

    static let repositoryLoad = Operation(
        .post, "/v2/repository/models/{model}/load", access: .reading, id: "repository_load", tag: .inference,
        summary: "Check that a model exists", description: "Loads nothing: models are created with `PUT /v1/models/{model}`.",
        parameters: [.model], refusesOtherQueryItems: false,
        body: RequestBody(
            description: "An object without parameters, as none are supported; may be omitted.",
            content: [.json(.repositoryLoad, example: "{}")], maximumSize: ServiceLimits.configurationBody, checksMediaType: false,
            isRequired: false),
        answers: [Answer(.ok, "The model exists.", .json(.nothing, example: "{}"))],
        refusals: [
            Refusal(.badRequest, "The request has parameters; none are supported."), Refusal(.notFound, "There is no such model."),
            Refusal(.contentTooLarge, "The content is too large."), .busy,
        ])

    static let repositoryUnload = Operation(
        .post, "/v2/repository/models/{model}/unload", id: "repository_unload", tag: .inference, summary: "Unload a model (always refused)",
        description: "A model cannot be unloaded, because its state is what it has learned; `DELETE /v1/models/{model}` deletes it.",
        parameters: [.model], refusesOtherQueryItems: false, answers: [],
        refusals: [
            Refusal(.badRequest, "A model cannot be unloaded."), Refusal(.notFound, "There is no such model."),
            Refusal(.contentTooLarge, "The content is too large."),
        ])
}

extension Parameter {
    /// The version in the path.
    static let inferenceVersion = path(
        "version", .inferenceVersion, "The model's current version; older ones are not kept.", example: .string("1"))
}
