internal import HTTPServer
internal import ModelHost
internal import TensorFormats

extension Operation {
    /// The media type of snapshots.
    static let snapshotType: StaticString = "application/vnd.safetensors"

    static let takeSnapshot = Operation(
        .get, "/v1/models/{model}/snapshot", id: "take_snapshot", tag: .snapshots, summary: "Take a snapshot",
        description: "Returns the whole model as one safetensors file, or only the parts that prediction needs.",
        parameters: [
            .model,
            .query("parts", .oneOf("all", "weights"), "The parts to return; all by default.", example: .string("weights")),
        ],
        answers: [
            Answer(
                .ok, "The snapshot.", .octets(snapshotType.description),
                headers: [
                    AnswerHeader(
                        name: "Content-Disposition", schema: .string(pattern: "^attachment; filename=\".+\"$"),
                        description: "Suggests a file name: that of the model.")
                ])
        ],
        refusals: [.badQuery, .unknownModel, .busy, .storage])

    static let restoreSnapshot = Operation(
        .put, "/v1/models/{model}/snapshot", id: "restore_snapshot", tag: .snapshots, summary: "Restore a snapshot",
        description: "Creates or replaces the model. The file is verified before a running model is touched.", parameters: [.model],
        body: .snapshot,
        answers: [
            Answer(.created, "The model was created.", .json(.modelDetails)), Answer(.ok, "The model was replaced.", .json(.modelDetails)),
        ],
        refusals: [.snapshot, .doesNotFit, .busy, .storage])

    static let merge = Operation(
        .post, "/v1/models/{model}/merge", id: "merge", tag: .snapshots, summary: "Merge a snapshot into a model",
        description: """
            Adds the rows that another model has learned. The snapshot must have the same dimension, feature map and sketch rank. The \
            model keeps its ridge and imbalance. Its weights are then those of a model that learned both streams.
            """,
        parameters: [.model, .idempotencyKey], body: .snapshot,
        answers: [
            Answer(
                .ok, "The snapshot's rows are added.",
                .json(
                    .merged, example: #"{"model":"fruit","version":2,"samples":8,"classes":2,"rows":4,"new_classes":[]}"#))
        ],
        refusals: [
            .snapshot, .unknownModel, Refusal(.conflict, "The snapshot does not match the model."),
            Refusal(.unprocessableContent, "The key was already used with a different body, or the sum does not fit in memory."), .busy,
            .storage,
        ])
}

extension RequestBody {
    /// A snapshot, whatever its `Content-Type`.
    fileprivate static let snapshot = RequestBody(
        description: "A snapshot. It is read as safetensors whatever its `Content-Type`, and may be as large as memory allows.",
        content: [.octets(Operation.snapshotType.description)], isUnlimited: true,
        checksMediaType: false)
}

extension Refusal {
    fileprivate static let snapshot = Refusal(
        .badRequest, "The file is not a snapshot, is damaged, or its weights do not solve its equation.")
}
