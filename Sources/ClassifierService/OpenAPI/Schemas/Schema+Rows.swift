internal import AnalyticLearning
internal import TensorFormats

/// What learn, unlearn and predict take and answer.
extension Schema {
    static let label = string(length: 1...ClassRegistry.maximumLabelBytes)
        .described("The label of a class: 1 to 1,024 bytes of UTF-8.").named("Label")

    /// As requests have them.
    static let anyLabel = oneOf([string(length: 1...ClassRegistry.maximumLabelBytes), integer()])
        .described("A label; an integer is kept as its decimal digits. At most 1,024 bytes of UTF-8.").named("AnyLabel")

    static let features = array(of: number(-RowReader.maximumMagnitude...RowReader.maximumMagnitude), count: 1 ... .max)
        .described("A feature vector: as many numbers as the model's `dimension`.").named("Features")

    static let featureRows = array(of: features, count: 1 ... .max).named("FeatureRows")

    static let labelledRows = object(
        [
            .required("features", featureRows),
            .required("labels", array(of: anyLabel, count: 1 ... .max), "One for each row of `features`."),
        ], isClosed: true
    ).named("LabelledRows")

    static let labelledRow = object([.required("features", features), .required("label", anyLabel)], isClosed: true)
        .named("LabelledRow")

    static let rowsToPredict = object(
        [
            .required("features", featureRows),
            .optional("top", integer(1 ... .max), "How many of the best classes are listed with each row."),
        ], isClosed: true
    ).named("RowsToPredict")

    static let rowToPredict = object([.required("features", features)], isClosed: true).named("RowToPredict")

    static let learned = object([
        .required("model", modelName), .required("version", version), .required("rows", count, "The rows of this request."),
        .required("samples", samples), .required("classes", classCount),
        .required("new_classes", array(of: label), "The classes that this request made."),
        .required(
            "accuracy_before", share.orNull,
            "The share of these rows that the model would have got right before it learned them; null when it knew nothing."),
    ]).named("Learned")

    static let unlearned = object([
        .required("model", modelName), .required("version", version), .required("samples", samples), .required("classes", classCount),
        .required("rows", count, "The rows that were taken out."),
        .required("sketches_not_undone", array(of: label), "The classes whose sketch still holds something of the rows."),
    ]).named("Unlearned")

    private static let score = number().described("A regression score: near 1 for the right class, near 0 for others.")

    private static let scoredLabel: [Member] = [
        .required("label", label), .required("score", score),
        .optional(
            "probability", share,
            "Where `probability` was asked for and `calibration` is not null: the label's, if the row is of one of the known classes."),
    ]

    static let prediction = object(
        scoredLabel + [
            .optional(
                "leverage", number().adding("minimum", .integer(0)).orNull,
                """
                Where `leverage` was asked for: hᵀ(G + ridge·I)⁻¹h, 0 for what is well covered by the rows learned, and at most ‖h‖²/ridge. \
                Null where the model is too ill-conditioned to tell.
                """),
            .optional(
                "top", array(of: object(scoredLabel), count: 1 ... .max),
                "The best classes, the best one first, where `top` was asked for."),
        ]
    ).named("Prediction")

    static let weightsKind = oneOf("plain", "balanced")

    static let predictions = object([
        .required("model", modelName), .required("version", version), .required("weights", weightsKind, "The weights that were used."),
        .optional("balanced_version", version, "Where `weights` is `balanced`: the version they were made from."),
        .optional(
            "calibration", object(calibrationMembers).orNull,
            "Where `probability` was asked for: how the scores became probabilities; null before 200 labels were seen."),
        .required("predictions", array(of: prediction, count: 1 ... .max), "One for each row."),
    ]).named("Predictions")
}
