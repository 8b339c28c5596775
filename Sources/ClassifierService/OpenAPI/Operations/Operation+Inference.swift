internal import HTTPServer
internal import TensorFormats

/// The Open Inference Protocol: what it tells of the server, and inference.
extension Operation {
    static let inferenceServer = Operation(
        .get, "/v2", id: "inference_server", tag: .inference, summary: "Describe the server", refusesOtherQueryItems: false,
        answers: [
            Answer(
                .ok, "Its name and version, and the extensions of the protocol that it has.",
                .json(
                    .inferenceServer,
                    example: .object([
                        "name": .string("accrue"), "version": .string(Service.version),
                        "extensions": .array(OpenInference.extensions.map { .string($0.description) }),
                    ])))
        ])

    static let inferenceLiveness = Operation(
        .get, "/v2/health/live", access: .anyone, id: "inference_liveness", tag: .inference, summary: "Whether the process lives",
        refusesOtherQueryItems: false,
        answers: [Answer(.ok, "It lives.", .json(.inferenceHealth, example: #"{"live":true,"ready":true}"#))])

    static let inferenceReadiness = Operation(
        .get, "/v2/health/ready", access: .anyone, id: "inference_readiness", tag: .inference,
        summary: "Whether all models are there and can learn", refusesOtherQueryItems: false,
        answers: [
            Answer(.ok, "They are.", .json(.inferenceHealth, example: #"{"live":true,"ready":true}"#)),
            Answer(.serviceUnavailable, "They are not.", .json(.inferenceHealth, example: #"{"live":true,"ready":false}"#)),
        ])

    static let inferenceModels = Operation(
        .get, "/v2/models", id: "inference_models", tag: .inference, summary: "List the names of all models",
        refusesOtherQueryItems: false, answers: [Answer(.ok, "The names.", .json(.inferenceModels, example: #"{"models":["fruit"]}"#))])

    static let allInferenceStatistics = Operation(
        .get, "/v2/models/stats", id: "all_inference_statistics", tag: .inference,
        summary: "Tell what inference requests have cost, by model", refusesOtherQueryItems: false,
        answers: [Answer(.ok, "A model's entry counts since it was made or recovered.", .json(.inferenceStatistics))])

    // MARK: Models, each with and without a version

    static let inferenceModel = versioned(
        .get, "", id: "inference_model", summary: "Describe a model's inputs and outputs",
        answers: [
            Answer(
                .ok, "`probability` is among the outputs of a calibrated model.",
                .json(
                    .inferenceModel,
                    example: """
                        {"name":"fruit","versions":["1"],"platform":"accrue","inputs":[{"name":"features","datatype":"FP32","shape":[-1,3]}],\
                        "outputs":[{"name":"label","datatype":"BYTES","shape":[-1]},{"name":"score","datatype":"FP32","shape":[-1,-1],\
                        "parameters":{"labels":"[\\"apple\\",\\"banana\\"]"}}]}
                        """))
        ])

    static let inferenceModelReadiness = versioned(
        .get, "/ready", id: "inference_model_readiness", summary: "Whether a model can predict",
        answers: [
            Answer(.ok, "It can.", .json(.inferenceModelReadiness, example: #"{"name":"fruit","ready":true}"#)),
            Answer(.conflict, "It cannot: it knows no class yet.", .json(.inferenceModelReadiness)),
        ])

    static let inferenceConfiguration = versioned(
        .get, "/config", id: "inference_configuration", summary: "Describe a model as Triton's configuration does",
        answers: [
            Answer(
                .ok, "The configuration.",
                .json(
                    .inferenceConfiguration,
                    example: """
                        {"name":"fruit","platform":"accrue","backend":"accrue","max_batch_size":0,"input":[{"name":"features",\
                        "data_type":"TYPE_FP32","dims":[-1,3]}],"output":[{"name":"label","data_type":"TYPE_STRING","dims":[-1]},\
                        {"name":"score","data_type":"TYPE_FP32","dims":[-1,-1]}]}
                        """))
        ])

    static let inferenceStatistics = versioned(
        .get, "/stats", id: "inference_statistics", summary: "Tell what inference requests of a model have cost",
        answers: [Answer(.ok, "They count since the model was made or recovered.", .json(.inferenceStatistics))])

    static let infer = versioned(
        .post, "/infer", access: .reading, id: "infer", summary: "Predict the labels of rows",
        description: """
            The binary tensor extension is there, both ways: with the field `Inference-Header-Content-Length` the content is JSON of so many \
            octets and the data of tensors behind it, as `application/octet-stream`; with the value 0 it is rows of FP32 alone. The content \
            may be compressed with gzip or deflate.
            """,
        parameters: [
            .query("weights", .weightsKind, "As in predict; `weights` in the content goes first.", example: .string("plain")),
            .header(
                "Inference-Header-Content-Length", .string(pattern: "^[0-9]+$"),
                "The octets of JSON before the data of tensors, once decompressed; 0 for rows of FP32 alone."),
            .header("Content-Encoding", .oneOf("identity", "gzip", "x-gzip", "deflate"), "How the content is compressed."),
        ],
        body: RequestBody(
            description: "Rows of features.",
            content: [
                .json(
                    .inferenceRequest,
                    example: #"{"id":"7","inputs":[{"name":"features","shape":[1,3],"datatype":"FP32","data":[[0.7,0.3,0.3]]}]}"#),
                .octets("application/octet-stream"),
            ], takesCodings: true),
        answers: [
            Answer(
                .ok, "The outputs that were asked for.",
                .json(
                    .inferenceAnswer,
                    example: """
                        {"model_name":"fruit","model_version":"1","id":"7","parameters":{"weights":"plain"},"outputs":[{"name":"label",\
                        "datatype":"BYTES","shape":[1],"data":["apple"]},{"name":"score","datatype":"FP32","shape":[1,2],\
                        "data":[0.7276772,0.14016615]}]}
                        """), .octets("application/octet-stream"),
                headers: [
                    AnswerHeader(
                        name: "Inference-Header-Content-Length", schema: .count,
                        description: "The octets of JSON where binary data follows them.", isRequired: false)
                ])
        ],
        refusals: [
            Refusal(
                .badRequest, "The request is malformed.", detail: #"input "features" has shape [1, 2], expected [rows, 3], at least 1 row"#),
            Refusal(.conflict, "The model knows no class yet, or is not calibrated and was asked for `probability`."),
            Refusal(.unsupportedMediaType, "The content's format or its compression is not taken here."),
            Refusal(.unprocessableContent, "The outputs would be too large."),
        ])

    /// An operation on a model and the same on its current version.
    private static func versioned(
        _ method: Method, _ path: String, access: RouteAccess? = nil, id: String, summary: String, description: String = "",
        parameters: [Parameter] = [], body: RequestBody? = nil, answers: [Answer], refusals: [Refusal] = []
    ) -> [Operation] {
        [("/v2/models/{model}", id, [.model]), ("/v2/models/{model}/versions/{version}", id + "_of_version", [.model, .inferenceVersion])]
            .map { (base: String, id: String, inPath: [Parameter]) in
                Operation(
                    method, base + path, access: access, id: id, tag: .inference, summary: summary, description: description,
                    parameters: inPath + parameters, refusesOtherQueryItems: method != .get, body: body, answers: answers,
                    refusals: refusals + [Refusal(.notFound, "There is no such model, or its current version is another."), .busy])
            }
    }
}

/// The model repository extension of the Open Inference Protocol.
extension Operation {
    static let repositoryIndex = Operation(
        .post, "/v2/repository/index", access: .reading, id: "repository_index", tag: .inference, summary: "List all models",
        refusesOtherQueryItems: false,
        body: RequestBody(
            description: "Which models; all where there is no content.", content: [.json(.repositoryRequest, example: #"{"ready":true}"#)],
            maximumSize: ModelRoutes.maximumBody, checksMediaType: false, isRequired: false),
        answers: [
            Answer(
                .ok, "The models.",
                .json(.repositoryIndex, example: #"[{"name":"fruit","version":"1","state":"READY","reason":""}]"#))
        ],
        refusals: [Refusal(.badRequest, "The content is not what is expected.")])

    static let repositoryLoad = Operation(
        .post, "/v2/repository/models/{model}/load", access: .reading, id: "repository_load", tag: .inference,
        summary: "Find a model", description: "Models are made with `PUT /v1/models/{model}`: here one is there, or it is not.",
        parameters: [.model], refusesOtherQueryItems: false,
        body: RequestBody(
            description: "Parameters, of which there are none; all it says may be left out.",
            content: [.json(.repositoryLoad, example: "{}")], maximumSize: ModelRoutes.maximumBody, checksMediaType: false,
            isRequired: false),
        answers: [Answer(.ok, "It is there.", .json(.nothing, example: "{}"))],
        refusals: [
            Refusal(.badRequest, "The request has parameters, of which there are none."), Refusal(.notFound, "There is no such model."),
            Refusal(.contentTooLarge, "The content is too large."), .busy,
        ])

    static let repositoryUnload = Operation(
        .post, "/v2/repository/models/{model}/unload", id: "repository_unload", tag: .inference, summary: "Refused",
        description: "What a model has learned is its state: it cannot be unloaded, only forgotten with `DELETE /v1/models/{model}`.",
        parameters: [.model], refusesOtherQueryItems: false, answers: [],
        refusals: [
            Refusal(.badRequest, "A model is not unloaded."), Refusal(.notFound, "There is no such model."),
            Refusal(.contentTooLarge, "The content is too large."),
        ])
}

extension Parameter {
    /// The version in the path.
    static let inferenceVersion = path(
        "version", .inferenceVersion, "The model's current version; older ones are not kept.", example: .string("1"))
}
