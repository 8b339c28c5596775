internal import HTTPServer
internal import TensorFormats

extension Operation {
    static let learn = Operation(
        .post, "/v1/models/{model}/learn", id: "learn", tag: .rows, summary: "Learn labelled rows",
        description: """
            Answers when predictions see the rows; where models are kept on disk, when they are there too. All rows are learned, or none: but \
            NDJSON is learned as it arrives, in blocks, and where a line is refused those before it stay learned: the problem says how many \
            in `rows_applied`. A request that arrived whole is applied even if its client has gone; send it again only under an \
            `Idempotency-Key`.
            """,
        parameters: [.model, .idempotencyKey], body: .labelled(streams: true),
        answers: [
            Answer(
                .ok, "The rows are learned.",
                .json(
                    .learned,
                    example: """
                        {"model":"fruit","version":1,"rows":4,"samples":4,"classes":2,"new_classes":["apple","banana"],"accuracy_before":null}
                        """))
        ],
        refusals: [
            .body, .unknownModel, Refusal(.conflict, "The model was restored meanwhile with another dimension."), .rowFormat,
            Refusal(.unprocessableContent, "The key came before with another body, or new classes do not fit in memory."), .busy, .storage,
        ])

    static let unlearn = Operation(
        .post, "/v1/models/{model}/unlearn", id: "unlearn", tag: .rows, summary: "Take rows out again",
        description: """
            The weights are then those of a model that never saw the rows. Send exactly the numbers that were learned: the model cannot know \
            them, it only sees whether they fit its sums.
            """,
        parameters: [.model, .idempotencyKey], body: .labelled(streams: false),
        answers: [
            Answer(
                .ok, "The rows are taken out.",
                .json(
                    .unlearned,
                    example: #"{"model":"fruit","version":2,"samples":0,"classes":2,"rows":4,"sketches_not_undone":[]}"#))
        ],
        refusals: [
            .body, .unknownModel, Refusal(.conflict, "The model was restored meanwhile with another dimension."), .rowFormat,
            Refusal(
                .unprocessableContent, "The rows cannot have been learned, or the key came before with another body.",
                detail: #"the request has 3 rows of "apple", of which the model has learned 2"#),
            Refusal(.internalServerError, "The rows are unlearned, but older files that hold them could not be removed."), .busy, .storage,
        ])

    static let predict = Operation(
        .post, "/v1/models/{model}/predict", access: .reading, id: "predict", tag: .rows, summary: "Predict the labels of rows",
        description: """
            Predictions never wait for learning; but `leverage` does, for its turn in the model's queue. With it a request may have 1,024 rows.
            """,
        parameters: [
            .model,
            .query(
                "weights", .weightsKind, "The weights to use; if left out the balanced ones, where the model has them.",
                example: .string("plain")),
            .query("top", .integer(1 ... .max), "How many of the best classes are listed with each row. `top` in the body goes first."),
            .query("probability", .bool, "Whether to say how probable the labels are."),
            .query("leverage", .bool, "Whether to say how far each row lies from everything learned."),
        ],
        body: .unlabelled,
        answers: [
            Answer(
                .ok, "A prediction for each row.",
                .json(
                    .predictions,
                    example: """
                        {"model":"fruit","version":1,"weights":"plain","predictions":[{"label":"apple","score":0.7276772,"top":[\
                        {"label":"apple","score":0.7276772},{"label":"banana","score":0.14016615}]}]}
                        """))
        ],
        refusals: [
            .body, .unknownModel,
            Refusal(
                .conflict, "The model knows no class yet.", detail: #"the model "fruit" knows no class yet: it has learned no rows"#),
            Refusal(
                .unprocessableContent, "The answer would be too large.",
                detail: #"the answer would be larger than 67108864 bytes; send fewer rows, or ask for fewer classes with "top""#),
            .rowFormat, .busy, .storage,
        ])
}

extension RequestBody {
    /// Rows with labels.
    ///
    /// - Parameter streams: whether NDJSON is taken as it arrives, in any length.
    fileprivate static func labelled(streams: Bool) -> RequestBody {
        var content: [MediaContent] = [
            .json(
                .labelledRows,
                example: """
                    {"features":[[0.9,0.1,0.3],[0.8,0.2,0.4],[0.2,0.9,0.9],[0.1,1.0,0.8]],"labels":["apple","apple","banana","banana"]}
                    """),
            .lines(
                BodyFormat.ndjson.mediaType.description, of: .labelledRow,
                example: """
                    {"features":[0.9,0.1,0.3],"label":"apple"}
                    {"features":[0.2,0.9,0.9],"label":"banana"}

                    """),
        ]
        for format in BodyFormat.labelled where format != .json && format != .ndjson {
            content.append(.octets(format.mediaType.description))
        }
        return RequestBody(
            description: """
                Rows with their labels. npz: arrays `features` [n, d] and `labels` [n]. safetensors: tensors of these names, or labels as \
                metadata `labels`, a JSON array. float32 or float64. Without a `Content-Type` JSON is expected.
                """,
            content: content, isUnlimited: streams)
    }

    fileprivate static let unlabelled: RequestBody = {
        var content: [MediaContent] = [
            .json(.rowsToPredict, example: #"{"features":[[0.7,0.3,0.3]],"top":2}"#),
            .lines(BodyFormat.ndjson.mediaType.description, of: .rowToPredict, example: "{\"features\":[0.7,0.3,0.3]}\n"),
        ]
        for format in BodyFormat.all where format != .json && format != .ndjson { content.append(.octets(format.mediaType.description)) }
        return RequestBody(
            description: """
                Rows. npy: one array [n, d]; npz and safetensors: it is called `features`. float32 or float64. Without a `Content-Type` JSON is \
                expected.
                """,
            content: content)
    }()
}
