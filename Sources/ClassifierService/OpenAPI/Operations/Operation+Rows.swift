internal import HTTPServer
internal import TensorFormats

extension Operation {
    static let learn = Operation(
        .post, "/v1/models/{model}/learn", id: "learn", tag: .rows, summary: "Learn labelled rows",
        description: """
            Answers once predictions use the rows and, if models are kept on disk, the rows are there too. Either all rows are learned or \
            none; but NDJSON is learned in blocks as it arrives. If a line is refused, the rows before it stay learned (with a key, only \
            whole blocks), and `rows_applied` in the problem counts them. A request that arrived whole is applied even if its client \
            disconnects; to send it again safely, use an `Idempotency-Key`. With `visible=later`, for loads, the answer does not wait for \
            predictions: they use the rows once no more come, or another call needs them, and within 10 s.
            """,
        parameters: [
            .model, .query("visible", .oneOf("now", "later"), "When predictions use the rows: at the answer, or soon after a load."),
            .idempotencyKey,
        ],
        body: .labelled(streams: true),
        answers: [
            Answer(
                .ok, "The rows are learned.",
                .json(
                    .learned,
                    example: """
                        {"model":"fruit","version":1,"rows":4,"samples":4,"classes":2,"new_classes":["apple","banana"],\
                        "accuracy_before":null,"served_accuracy_before":null}
                        """))
        ],
        refusals: [
            .body, .unknownModel,
            Refusal(
                .conflict, "The model was restored in the meantime: its dimension changed, or its keys were forgotten amid a stream."
            ),
            .rowFormat,
            Refusal(
                .unprocessableContent,
                "The key was already used with a different body, a stream is too long for one key, new classes do not fit in memory, or "
                    + "the first rows do not tell the scale of the feature map (`auto`)."),
            .busy, .storage,
        ])

    static let unlearn = Operation(
        .post, "/v1/models/{model}/unlearn", id: "unlearn", tag: .rows, summary: "Unlearn rows",
        description: """
            Afterwards the weights are those of a model that never saw the rows. Send exactly the numbers that were learned: the model \
            does not keep them and can only check whether they fit its sums. Rows so large that the sums have lost digits of all other \
            rows are refused if scores would be affected: restore a snapshot taken before they were learned.
            """,
        parameters: [.model, .idempotencyKey], body: .labelled(streams: false),
        answers: [
            Answer(
                .ok, "The rows are unlearned.",
                .json(
                    .unlearned,
                    example: #"{"model":"fruit","version":2,"samples":0,"classes":2,"rows":4,"sketches_not_undone":[]}"#))
        ],
        refusals: [
            .body, .unknownModel, Refusal(.conflict, "The model was restored in the meantime with a different dimension."), .rowFormat,
            Refusal(
                .unprocessableContent,
                "The rows cannot have been learned, cannot be unlearned exactly, or the key was already used with a different body.",
                detail: #"the request has 3 rows of "apple", but the model has learned only 2"#),
            Refusal(.internalServerError, "The rows are unlearned, but older files that contain them could not be removed."), .busy,
            .storage,
        ])

    static let predict = Operation(
        .post, "/v1/models/{model}/predict", access: .reading, id: "predict", tag: .rows, summary: "Predict the labels of rows",
        description: """
            Predictions never wait for learning, except with `leverage`, which waits for its turn in the model's queue and allows 1,024 \
            rows.
            """,
        parameters: [
            .model,
            .query(
                "weights", .weightsKind, "The weights to use; by default the balanced ones if the model has them.",
                example: .string("plain")),
            .balance,
            .query("top", .integer(1 ... .max), "The number of best classes to list for each row. `top` in the body takes precedence."),
            .query("probability", .bool, "Whether to return the probability of each label."),
            .query("leverage", .bool, "Whether to return how far each row lies from everything learned."),
            .query(
                "novelty", .bool, "Whether to return how much farther each row lies from the nearest class than from all rows.",
                calibrated: .bool(true)),
            .query(
                "reject", .rejectedShare, "Rows more novel than all but this share of known rows get no label.",
                calibrated: .number(0.01)),
            .query(
                "coverage", .coverageLevel, "Whether to return a set of labels that contains the right one for this share of rows.",
                calibrated: .number(0.95)),
        ],
        body: .unlabelled,
        answers: [
            Answer(
                .ok, "A prediction for each row.",
                .json(
                    .predictions,
                    example: """
                        {"model":"fruit","version":1,"weights":"plain","balance":null,"predictions":[{"label":"apple","score":0.7276772,\
                        "top":[{"label":"apple","score":0.7276772},{"label":"banana","score":0.14016615}]}]}
                        """,
                    calibrated: """
                        {"model":"fruit","version":25,"weights":"plain","balance":0.5,"rejection":{"share":0.01,\
                        "threshold":0.0014791829475595624,"samples":1200},"coverage":{"level":0.95,\
                        "least_probability":0.2735145516121909,"samples":1000},"predictions":[{"label":"apple","score":0.56406605,\
                        "rejected":false,"novelty":0.000050240133834970165,"set":["apple"]},{"label":"banana","score":0.4500529,\
                        "rejected":false,"novelty":0.0013256617660841938,"set":["apple","banana"]},{"label":null,"score":2.078816,\
                        "rejected":true,"novelty":0.008226408635846498,"set":["apple"]}]}
                        """))
        ],
        refusals: [
            .body, .unknownModel,
            Refusal(
                .conflict,
                "The model has no classes yet, no balanced weights although the request asks for them, or too few rows for `reject` or "
                    + "`coverage`.",
                detail: #"the model "fruit" has no classes yet: it has learned no rows"#),
            Refusal(
                .unprocessableContent, "The answer would be too large.",
                detail: #"the answer would be larger than 67108864 bytes; send fewer rows, or ask for fewer classes with "top""#),
            .rowFormat, .busy, .storage,
        ])
}

extension RequestBody {
    /// All names of NDJSON.
    private static var ndjsonTypes: [String] { ([BodyFormat.ndjson.mediaType] + BodyFormat.ndjson.otherMediaTypes).map(\.description) }

    /// The element types of arrays.
    private static let elements = """
        Features are float16, bfloat16 (safetensors), float32, float64, int8 to int64, uint8 to uint64 or bool. Each value is used \
        exactly; an integer that float64 cannot hold (past 2⁵³) is refused. The default `Content-Type` is JSON.
        """

    /// Rows with labels.
    ///
    /// - Parameter streams: whether NDJSON is accepted as it arrives, at any length.
    fileprivate static func labelled(streams: Bool) -> RequestBody {
        var content: [MediaContent] = [
            .json(
                .labelledRows,
                example: """
                    {"features":[[0.9,0.1,0.3],[0.8,0.2,0.4],[0.2,0.9,0.9],[0.1,1.0,0.8]],"labels":["apple","apple","banana","banana"]}
                    """)
        ]
        for type in ndjsonTypes {
            content.append(
                .lines(
                    type, of: .labelledRow,
                    example: """
                        {"features":[0.9,0.1,0.3],"label":"apple"}
                        {"features":[0.2,0.9,0.9],"label":"banana"}

                        """))
        }
        for format in BodyFormat.labelled where format != .json && format != .ndjson {
            content.append(.octets(format.mediaType.description))
        }
        return RequestBody(
            description: """
                Rows with their labels. npz: arrays `features` [n, d] and `labels` [n]. safetensors: tensors with these names, or the \
                labels in the metadata `labels`, a JSON array. \(elements)
                """,
            content: content, isUnlimited: streams)
    }

    fileprivate static let unlabelled: RequestBody = {
        var content: [MediaContent] = [
            .json(
                .rowsToPredict, example: #"{"features":[[0.7,0.3,0.3]],"top":2}"#,
                calibrated: #"{"features":[[0.7,0.3,0.3],[0.5,0.6,0.6],[2.4,-1.2,0.1]]}"#)
        ]
        for type in ndjsonTypes { content.append(.lines(type, of: .rowToPredict, example: "{\"features\":[0.7,0.3,0.3]}\n")) }
        for format in BodyFormat.all where format != .json && format != .ndjson { content.append(.octets(format.mediaType.description)) }
        return RequestBody(
            description: """
                Rows. npy: one array [n, d]. npz and safetensors: an array named `features`. \(elements)
                """,
            content: content)
    }()
}

extension Parameter {
    /// How far predictions even out the classes' shares.
    static let balance = query(
        "balance", .share,
        """
        How far predictions even out the classes' shares: 0 leaves the scores, 1 makes all classes equally likely beforehand. By default \
        the model's `balance`.
        """, example: .number(0.5))
}
