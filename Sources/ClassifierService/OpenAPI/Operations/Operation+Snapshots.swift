internal import HTTPServer
internal import TensorFormats

extension Operation {
    static let takeSnapshot = Operation(
        .get, "/v1/models/{model}/snapshot", id: "take_snapshot", tag: .snapshots, summary: "Take a snapshot",
        description: "The whole model as one safetensors file, or what prediction needs of it.",
        parameters: [
            .model,
            .query("parts", .oneOf("all", "weights"), "What is wanted; all if left out.", example: .string("weights")),
        ],
        answers: [
            Answer(
                .ok, "The snapshot.", .octets(SnapshotFile.mediaType.description),
                headers: [
                    AnswerHeader(
                        name: "Content-Disposition", schema: .string(pattern: "^attachment; filename=\".+\"$"),
                        description: "The name of a file: that of the model.")
                ])
        ],
        refusals: [.badQuery, .unknownModel, .busy, .storage])

    static let restoreSnapshot = Operation(
        .put, "/v1/models/{model}/snapshot", id: "restore_snapshot", tag: .snapshots, summary: "Restore a snapshot",
        description: "Makes the model or replaces it. The file is verified before a running model is touched.", parameters: [.model],
        body: .snapshot,
        answers: [
            Answer(.created, "The model was made.", .json(.modelDetails)), Answer(.ok, "The model was replaced.", .json(.modelDetails)),
        ],
        refusals: [.snapshot, .doesNotFit, .busy, .storage])

    static let merge = Operation(
        .post, "/v1/models/{model}/merge", id: "merge", tag: .snapshots, summary: "Add what another model has learned",
        description: """
            The snapshot must have the same dimension, feature map and sketch rank. The ridge and the imbalance of the model stay. The weights \
            are then those of a model that learned both streams.
            """,
        parameters: [.model, .idempotencyKey], body: .snapshot,
        answers: [
            Answer(
                .ok, "The snapshot's rows are added.",
                .json(
                    .merged, example: #"{"model":"fruit","version":2,"samples":8,"classes":2,"rows":4,"new_classes":[]}"#))
        ],
        refusals: [
            .snapshot, .unknownModel, Refusal(.conflict, "The snapshot does not fit the model."),
            Refusal(.unprocessableContent, "The key came before with another body, or the sum does not fit in memory."), .busy, .storage,
        ])
}

extension RequestBody {
    /// A snapshot, whatever its `Content-Type`.
    fileprivate static let snapshot = RequestBody(
        description: "A snapshot. It is read as safetensors whatever its `Content-Type`, and may be as large as memory allows.",
        content: [.octets(SnapshotFile.mediaType.description)], isUnlimited: true,
        checksMediaType: false)
}

extension Refusal {
    fileprivate static let snapshot = Refusal(.badRequest, "The file is no snapshot, is damaged, or its weights do not solve its equation.")
}
