internal import AnalyticLearning
internal import TensorFormats

/// Models and their configurations.
extension Schema {
    static let modelName = string(pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$").named("ModelName")
    static let version = count.described("The number of changes to the model; never decreases.").named("Version")
    static let samples = count.described("The number of rows that the model has learned.").named("Samples")
    static let classCount = count.described("The number of classes of the model.").named("ClassCount")

    // MARK: Configuration

    static let featureMap = oneOf([
        object([.required("kind", oneOf("identity"))], isClosed: true),
        object(
            [
                .required("kind", oneOf("random_relu")), .required("width", integer(1...ModelConfiguration.maximumExtent)),
                .optional("seed", unsigned64),
            ], isClosed: true),
        randomFeatures(
            oneOf("relu", "gelu"), oneOf("uniform", "normal"), scale,
            "`uniform`, U(−1/√d, 1/√d), by default; or N(0, 1).", "The factor of xΩ; 1 by default."),
        randomFeatures(
            oneOf("cos"), oneOf("normal"), oneOf([scale, oneOf("auto")]), "Always N(0, 1).",
            "The width of the Gaussian kernel; 1 by default. `auto` is the median distance between rows of the first learn, which then "
                + "takes its place."),
    ]).named("FeatureMap")

    private static let scale = number(1e-30...1e30)

    private static func randomFeatures(
        _ activation: Schema, _ distribution: Schema, _ scale: Schema, _ drawn: String, _ meaning: String
    ) -> Schema {
        object(
            [
                .required("kind", oneOf("random")), .required("activation", activation),
                .required("width", integer(1...ModelConfiguration.maximumExtent)), .optional("seed", unsigned64),
                .optional("scale", scale, meaning), .optional("distribution", distribution, drawn),
                .optional("include_input", bool, "Whether the row itself follows the mapped values; false by default."),
            ], isClosed: true)
    }

    static let imbalance = oneOf([
        object([.required("kind", oneOf("none"))], isClosed: true),
        object(
            [
                .required("kind", oneOf("pseudo_features")), .optional("noise", number(0...1e6)),
                .optional("cap", integer(0...ModelConfiguration.largestCap)), .optional("seed", unsigned64),
            ], isClosed: true),
        object([.required("kind", oneOf("reweight")), .optional("power", number(0...4))], isClosed: true),
        object(
            [
                .required("kind", oneOf("discriminant")),
                .optional("false_share", number().adding("exclusiveMinimum", .integer(0)).adding("maximum", .number(0.5))),
                .optional("seed", unsigned64),
            ], isClosed: true),
    ]).named("Imbalance")

    static let ridge = number().adding("exclusiveMinimum", .integer(0)).adding("maximum", .number(.greatestFiniteMagnitude))
        .named("Ridge")

    static let sketchRank = oneOf([integer(0...4096), oneOf("exact")]).named("SketchRank")

    static let configuration = object(
        [
            .required("dimension", integer(1...ModelConfiguration.maximumExtent), "The length of a feature vector."),
            .optional("feature_map", featureMap, "The map applied to rows first; `identity` by default."),
            .optional(
                "ridge", ridgeSetting,
                "The regularisation: larger values pull the weights towards 0; 0.1 by default. `auto` begins with 0.1 and moves to another "
                    + "when rows, predicted before they are learned, speak for it."),
            .optional("auto_metric", ridgeMetric, "With `auto`: what the ridge is chosen by; `accuracy` by default."),
            .optional("imbalance", imbalance, "How rare classes are treated; `none` by default."),
            .optional(
                "sketch_rank", sketchRank,
                "Rows kept for each class for `reweight`, which needs at least 1; by default 16 with `reweight`, else 0."),
            .optional("balance", share, "How far predictions even out the classes' shares unless they say otherwise; 0 by default."),
            .optional(
                "intercept", bool, "Whether each class has an intercept that the ridge does not penalise; false by default."),
        ], isClosed: true
    ).adding("if", .example(#"{"properties":{"imbalance":{"properties":{"kind":{"const":"reweight"}}}},"required":["imbalance"]}"#))
        .adding("then", .example(#"{"properties":{"sketch_rank":{"not":{"const":0}}}}"#)).named("Configuration")

    private static let ridgeSetting = oneOf([ridge, oneOf("auto")])
    private static let ridgeMetric = oneOf("accuracy", "balanced_accuracy")

    static let patch = object(
        [
            .optional("ridge", ridgeSetting, "A number stays in force; `auto` lets the ridge in force choose itself from now on."),
            .optional("auto_metric", ridgeMetric, "Only with `auto`."), .optional("imbalance", imbalance), .optional("balance", share),
        ], isClosed: true
    ).adding("minProperties", .integer(1)).named("Patch")

    // MARK: Answers

    static let modelSummary = object([
        .required("name", modelName), .required("version", version.orNull, "Null if the model does not predict."),
        .required("samples", samples.orNull, "Null if the model does not predict."),
        .required("classes", classCount.orNull, "Null if the model does not predict."),
        .optional(
            "state", oneOf("recovering", "stopped", "lost"),
            "Omitted if the model is ready. `recovering`: the model is being read from disk and accepts no changes yet; it predicts if it "
                + "has a version. `lost`: it could not be read. `stopped`: it predicts, but no longer learns."),
        .optional("reason", string(), "Why the model is lost or stopped."),
    ]).named("ModelSummary")

    static let models = object([.required("models", array(of: modelSummary), "Sorted by name.")]).named("Models")

    private static let summaryMembers: [Member] = [
        .required("name", modelName), .required("version", version), .required("samples", samples), .required("classes", classCount),
    ]

    static let modelDetails = object(
        summaryMembers + [
            .optional(
                "state", oneOf("recovering"),
                "`recovering` if the model predicts already but accepts no changes yet: what the next members say of its accuracy is null "
                    + "until it does."),
            .optional("learning_stopped", string(), "Why the model no longer learns, if it has stopped."),
            .required("config", configuration, "The configuration with every key written out."),
            .required("ridge", ridge, "The ridge in force: the weights are those of one joint regression with it."),
            .optional(
                "ridge_race",
                object([
                    .required("scored_samples", count, "Rows scored by candidates before they were learned: a sample of all."),
                    .required(
                        "candidates",
                        array(
                            of: object([
                                .required("ridge", ridge),
                                .required("share", share.orNull, "Of rows predicted correctly, by `auto_metric`; null before the first."),
                            ])), "In ascending order of ridge."),
                ]).orNull, "If `ridge` is `auto`: how other ridges have done; null until 200 rows have been learned."),
            .required("ill_conditioned", bool.orNull, "Whether the data do not determine the weights in Float64."),
            .optional("suggested_ridge", ridge, "A ridge that would fix it, if the model is ill-conditioned."),
            .required(
                "inexact", bool.orNull,
                "Whether the sums have lost digits of their rows to others since removed, or through a merge or a restored snapshot."),
            .optional(
                "relative_error_bound", number().orNull,
                "If the model is inexact: an upper bound of the relative error of scores; null beyond Float64."),
            .required("condition_estimate", number().orNull, "The estimated condition number of G + ridge·I; null beyond Float64."),
            .required("drift", number().orNull, "The relative drift of the weights from the sums."),
            .required("solves", count.orNull, "How many times the weights were solved again from the sums."),
            .optional(
                "balanced_version", version.orNull,
                "If `imbalance` is not `none`: the version that the balanced weights were computed from; null until there are any."),
            .optional(
                "balanced_unavailable", string(),
                "Why the model has no balanced weights, if they cannot be computed: the plain ones predict."),
            .required(
                "evaluation", evaluation,
                "Test-then-train accuracy: each row is predicted before it is learned, as `predict` does by default: with the balanced "
                    + "weights, if there are any, and the model's `balance`."),
            .required(
                "race", array(of: balanceCurve),
                "What all weights that the model keeps got right at each balance, on the same rows; empty until there is a temperature."),
            .required(
                "calibration", calibration.orNull,
                "How well probabilities from the plain weights are calibrated; null until 200 labels have been seen."),
            .optional("balanced_calibration", calibration.orNull, "The same for the balanced weights, if `imbalance` is not `none`."),
            .required(
                "log_bytes", count.orNull, "Bytes of learned rows in the log that are not in a checkpoint yet; null without `--data`."),
            .required("checkpoint_version", version.orNull, "The version of the newest checkpoint; null without `--data`."),
            .required("checkpoint_age_seconds", age.orNull, "The age of the newest checkpoint; null without `--data`."),
            .required("queue_depth", count, "Requests waiting for the model's worker."),
            .required(
                "unseen_rows", count,
                "Rows learned with `visible=later` that predictions, `version`, `samples` and `classes` do not include yet."),
            .required(
                "last_rebalance",
                object([.required("version", version), .required("age_seconds", age), .required("seconds", age)]).orNull,
                "The last refresh of the balanced weights: its version, its age, and how long it took; null before the first."),
            .required("memory_bytes", count, "The memory that the model holds now; less while it rests."),
        ]
    ).named("ModelDetails")

    static let calibrationMembers: [Member] = [
        .required(
            "temperature", number().adding("exclusiveMinimum", .integer(0)), "Probabilities are the softmax of score / temperature."),
        .required("samples", count, "The labelled rows that the temperature was fitted to; effectively the last thousand or so."),
    ]

    private static let calibration = object(
        calibrationMembers + [
            .required(
                "expected_calibration_error", share.orNull,
                "The gap between probabilities and the share of correct predictions, test-then-train, over the last thousand rows or so."),
            .required("expected_calibration_error_raw", share.orNull, "The same for the softmax of the unscaled scores."),
            .required(
                "coverage",
                array(
                    of: object([
                        .required("level", coverageLevel),
                        .required("covered", share.orNull, "The share of rows whose sets contained their label."),
                        .required(
                            "mean_size", number(0 ... .greatestFiniteMagnitude).orNull, "The mean number of labels in these sets."),
                        .required("samples", count, "The labelled rows that the sets follow from."),
                    ])),
                """
                Whether sets keep their promise, test-then-train, over the last five thousand rows or so; a level appears once it has \
                enough rows.
                """),
        ]
    ).named("Calibration")

    private static let age = number(0 ... .greatestFiniteMagnitude)

    private static let evaluation = object(
        [.required("evaluated_samples", count)] + accuracies + [
            .required(
                "window",
                object([.required("samples", count)] + accuracies + [.required("capacity", count, "The most rows in the window.")]),
                "The same over the last rows."),
            .required("balance", balanceCurve.orNull, "The entry of `race` of the weights that predict by default."),
            .required(
                "classes",
                array(
                    of: object([
                        .required("label", label), .required("count", count, "Its rows, learned or merged."),
                        .required("accuracy", share.orNull), .required("window_accuracy", share.orNull),
                    ])), "By class, in order of appearance."),
            .required(
                "confusion",
                array(of: object([.required("label", label), .required("predicted", label), .required("count", count)])),
                "How many rows of one class were predicted as another."),
        ]
    ).named("Evaluation")

    private static let balanceFigures: [Member] = [
        .required("samples", count, "The rows counted: those learned since there was a temperature, or a sample of them."),
        .required(
            "points",
            array(
                of: object([
                    .required("balance", share), .required("accuracy", share.orNull), .required("balanced_accuracy", share.orNull),
                    .required(
                        "log_loss", number().adding("minimum", .integer(0)).orNull, "The mean of -log of the true class's probability."),
                    .required("expected_calibration_error", share.orNull),
                ]).named("BalancePoint"), count: 5...5), "For balance 0, 0.25, 0.5, 0.75 and 1."),
    ]

    private static let balanceCurve = object([.required("weights", weightsKind)] + balanceFigures).named("BalanceCurve")

    private static let accuracies: [Member] = [
        .required("accuracy", share.orNull, "Null if no row was evaluated."),
        .required("balanced_accuracy", share.orNull, "The mean accuracy over the classes."),
    ]

    static let modelHistory = object([
        .required("model", modelName), .required("version", version),
        .required("window_capacity", count, "The maximum number of rows in the window."),
        .required(
            "points",
            array(
                of: object([
                    .required("evaluated_samples", count, "The number of rows predicted before they were learned so far."),
                    .required("accuracy", share.orNull), .required("balanced_accuracy", share.orNull),
                    .required("window_accuracy", share.orNull), .required("window_balanced_accuracy", share.orNull),
                ]), count: 0...(EvaluationHistory.capacity + 1)), "In stream order; the last point is the current one."),
        .required(
            "race",
            array(
                of: object([
                    .required("weights", weightsKind),
                    .required("history", array(of: object(balanceFigures), count: 1...(BalanceHistory.capacity + 1))),
                ])), "The race of all weights at each balance, in stream order."),
    ]).named("ModelHistory")

    static let ridgeCurve = object([
        .required("model", modelName), .required("version", version), .required("samples", samples),
        .required("ridge", ridge, "The ridge in force."),
        .required("curve_version", version, "The version that the curve was computed from."),
        .required("curve_samples", count, "The rows of that version, including rows of no class."),
        .required(
            "minimum", ridgePoint.orNull,
            "The ridge with the least `generalized_cross_validation` in the range of the Gram matrix's eigenvalues; null without one."
        ),
        .required(
            "curve", array(of: ridgePoint),
            "Half decades around the ridge in force then, in ascending order, without those too small for the sums or with as many degrees "
                + "of freedom as rows."),
    ]).named("RidgeCurve")

    private static let ridgePoint = object([
        .required("ridge", ridge),
        .required(
            "generalized_cross_validation", number(0...Double.greatestFiniteMagnitude),
            "The estimated squared error of the scores of a row."),
        .required("degrees_of_freedom", number(0...Double.greatestFiniteMagnitude), "Of each class's weights: tr G(G + ridge·I)⁻¹."),
        .required("residual_sum_of_squares", number(0...Double.greatestFiniteMagnitude), "Over all rows and classes."),
    ]).named("RidgePoint")

    static let rebalanced = object([
        .required("model", modelName), .required("version", version), .required("balanced_version", version),
    ]).named("Rebalanced")

    static let merged = object([
        .required("model", modelName), .required("version", version), .required("samples", samples), .required("classes", classCount),
        .required("rows", count, "The number of rows that the snapshot added."),
        .required("new_classes", array(of: label), "The classes that the snapshot added."),
    ]).named("Merged")

    static let problem = object([
        .required("type", string(), "`about:blank`: the status says what the problem is."),
        .required("title", string(), "The status's reason phrase."),
        .required("status", integer(400...599)),
        .required("detail", string(), "What is wrong and what was expected."),
        .optional("rows_applied", count, "For a body that is learned as it arrives: the rows learned before the problem."),
    ]).described("Problem details (RFC 9457).").named("Problem")
}
