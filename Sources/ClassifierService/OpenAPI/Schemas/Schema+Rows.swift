internal import AnalyticLearning
internal import TensorFormats

/// The requests and answers of learn, unlearn and predict.
extension Schema {
    static let label =
        text
        .described("The label of a class: 1 to 1,024 bytes of UTF-8 without U+0000. Labels are equal if their bytes are.").named(
            "Label")

    /// A label in a request.
    static let anyLabel = oneOf([text, integer()])
        .described("A label; an integer is kept as its decimal digits. 1 to 1,024 bytes of UTF-8 without U+0000, compared byte by byte.")
        .named("AnyLabel")

    private static let text = string(pattern: "^[^\\u0000]*$", length: 1...Label.maximumBytes)

    static let features = array(of: number(-FeatureLimits.largestMagnitude...FeatureLimits.largestMagnitude), count: 1 ... .max)
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
            .optional("top", integer(1 ... .max), "The number of best classes to list for each row."),
            .optional(
                "prior", prior,
                """
                The class shares to assume, instead of `balance`: `uniform`, or shares of labels that add up to at most 1. The other \
                classes keep their proportions and share what is left.
                """),
        ], isClosed: true
    ).named("RowsToPredict")

    private static let prior = oneOf([
        oneOf("uniform"), object([]).adding("additionalProperties", share.value).adding("minProperties", .integer(1)),
    ])

    static let rowToPredict = object([.required("features", features)], isClosed: true).named("RowToPredict")

    static let learned = object([
        .required("model", modelName), .required("version", version), .required("rows", count, "The rows of this request."),
        .required("samples", samples), .required("classes", classCount),
        .required("new_classes", array(of: label), "The classes that this request added."),
        .required(
            "accuracy_before", share.orNull,
            "The share of these rows that the plain weights predicted correctly before they learned them; null if there were no classes."),
        .required(
            "served_accuracy_before", share.orNull,
            """
            The share of these rows that `predict` would have answered correctly by default before they were learned: with the balanced \
            weights, if there were any, and the model's `balance`. Null if there were no classes, or if it is no longer known.
            """),
        .optional("visible", bool, "False if the request had `visible=later`: predictions may not use the rows yet."),
    ]).named("Learned")

    static let unlearned = object([
        .required("model", modelName), .required("version", version), .required("samples", samples), .required("classes", classCount),
        .required("rows", count, "The number of rows unlearned."),
        .required("sketches_not_undone", array(of: label), "The classes whose sketches still contain traces of the rows."),
    ]).named("Unlearned")

    private static let score = number().described(
        """
        A regression score, not a probability: higher for classes that fit the row better. The target is 1 for the right class and 0 for \
        others.
        """
    )

    private static let scoredLabel: [Member] = [
        .required("label", label), .required("score", score),
        .optional(
            "probability", share,
            "The probability of the label, given that the row is of a known class; only if requested and `calibration` is not null."),
    ]

    static let prediction = object(
        [
            .required("label", label.orNull, "The best class; null if the row is rejected.")
        ] + scoredLabel.dropFirst() + [
            .optional("rejected", bool, "If `reject` was requested: whether the row is too novel for a label."),
            .optional(
                "novelty", number().orNull,
                """
                If `novelty` was requested: the squared distance of the row to the nearest class under the scatter within classes, less \
                that to all rows under the scatter of all. Null if there is none, as `novelty_unavailable` says.
                """),
            .optional(
                "leverage", number().adding("minimum", .integer(0)).orNull,
                """
                If `leverage` was requested: hᵀ(G + ridge·I)⁻¹h, from 0 for rows well covered by those learned to at most \
                ‖h‖²/ridge. Null if the model is too ill-conditioned to tell.
                """),
            .optional(
                "top", array(of: object(scoredLabel), count: 1 ... .max),
                "The best classes, best first, if `top` was requested."),
            .optional(
                "set", array(of: label),
                "If `coverage` was requested: the labels of the row's set, best first. It may be empty."),
        ]
    ).named("Prediction")

    static let weightsKind = oneOf("plain", "balanced")

    static let coverageLevel = Schema([
        "type": .string("number"), "enum": .array(CoverageLevel.allCases.map { .number($0.rawValue) }),
    ])

    static let rejectedShare = number(NoveltyQuantiles.shares)

    static let predictions = object([
        .required("model", modelName), .required("version", version), .required("weights", weightsKind, "The weights used."),
        .optional("balanced_version", version, "If `weights` is `balanced`: the version they were computed from."),
        .optional(
            "balance", share.orNull,
            """
            How far the scores even out the classes' shares, if requested or the model's default is not 0. Null, with unadjusted scores, \
            until the weights are calibrated.
            """),
        .optional("prior", prior.orNull, "The class shares that the scores assume, if requested; null as for `balance`."),
        .optional(
            "calibration", object(calibrationMembers).orNull,
            "If `probability` was requested: how scores became probabilities; null until 200 labels have been seen."),
        .optional("novelty_unavailable", string(), "If `novelty` was requested and there is none: why."),
        .optional(
            "rejection",
            object([
                .required("share", rejectedShare), .required("threshold", number(), "The novelty of rejected rows is above it."),
                .required("samples", count, "The rows of known classes, before they were learned, that it follows from."),
            ]), "If `reject` was requested."),
        .optional(
            "coverage",
            object([
                .required("level", coverageLevel),
                .required("least_probability", share.orNull, "That of the labels in sets; null if sets are empty."),
                .required("samples", count, "The labelled rows that it follows from."),
            ]), "If `coverage` was requested."),
        .required("predictions", array(of: prediction, count: 1 ... .max), "One for each row."),
    ]).named("Predictions")
}
