internal import AnalyticLearning
internal import TensorFormats

/// What says how a model is, and how it is to be.
extension Schema {
    static let modelName = string(pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$").named("ModelName")
    static let version = count.described("Counts a model's changes; it never decreases.").named("Version")
    static let samples = count.described("The rows that the model has learned.").named("Samples")
    static let classCount = count.described("The classes that the model knows.").named("ClassCount")

    // MARK: Configuration

    static let featureMap = oneOf([
        object([.required("kind", oneOf("identity"))], isClosed: true),
        object(
            [
                .required("kind", oneOf("random_relu")), .required("width", integer(1...ModelConfiguration.maximumExtent)),
                .optional("seed", unsigned64),
            ], isClosed: true),
    ]).named("FeatureMap")

    static let imbalance = oneOf([
        object([.required("kind", oneOf("none"))], isClosed: true),
        object(
            [
                .required("kind", oneOf("pseudo_features")), .optional("noise", number(0...1e6)),
                .optional("cap", integer(0...ModelConfiguration.largestCap)), .optional("seed", unsigned64),
            ], isClosed: true),
        object([.required("kind", oneOf("reweight")), .optional("power", number(0...4))], isClosed: true),
    ]).named("Imbalance")

    static let ridge = number().adding("exclusiveMinimum", .integer(0)).adding("maximum", .number(.greatestFiniteMagnitude))
        .named("Ridge")

    static let sketchRank = oneOf([integer(0...4096), oneOf("exact")]).named("SketchRank")

    static let configuration = object(
        [
            .required("dimension", integer(1...ModelConfiguration.maximumExtent), "The length of a feature vector."),
            .optional("feature_map", featureMap, "What rows go through first; `identity` if left out."),
            .optional("ridge", ridge, "Larger values pull the weights to 0; 0.1 if left out."),
            .optional("imbalance", imbalance, "How rare classes are treated; `none` if left out."),
            .optional(
                "sketch_rank", sketchRank,
                "Rows kept of each class for `reweight`; 16 with `reweight`, which needs at least 1, else 0 if left out."),
        ], isClosed: true
    ).adding("if", .example(#"{"properties":{"imbalance":{"properties":{"kind":{"const":"reweight"}}}},"required":["imbalance"]}"#))
        .adding("then", .example(#"{"properties":{"sketch_rank":{"not":{"const":0}}}}"#)).named("Configuration")

    static let patch = object([.optional("ridge", ridge), .optional("imbalance", imbalance)], isClosed: true)
        .adding("minProperties", .integer(1)).named("Patch")

    // MARK: Answers

    static let modelSummary = object([
        .required("name", modelName), .required("version", version.orNull, "Null where the model is not there."),
        .required("samples", samples.orNull, "Null where the model is not there."),
        .required("classes", classCount.orNull, "Null where the model is not there."),
        .optional(
            "state", oneOf("recovering", "stopped", "lost"),
            "Left out of a model that is ready. One that is `recovering` is being read from disk, one that is `lost` could not be; one "
                + "that is `stopped` predicts, but learns no more."),
        .optional("reason", string(), "Why the model is lost or stopped."),
    ]).named("ModelSummary")

    static let models = object([.required("models", array(of: modelSummary), "Sorted by name.")]).named("Models")

    private static let summaryMembers: [Member] = [
        .required("name", modelName), .required("version", version), .required("samples", samples), .required("classes", classCount),
    ]

    static let modelDetails = object(
        summaryMembers + [
            .optional("learning_stopped", string(), "Why the model learns no more, where it does not."),
            .required("config", configuration, "The configuration with every key written out."),
            .required("ill_conditioned", bool, "Whether the data leave the weights undetermined in Float64."),
            .optional("suggested_ridge", number(), "The ridge that would cure it, where the model is ill-conditioned."),
            .required("condition_estimate", number().orNull, "An estimate of the condition of G + ridge·I; null beyond Float64."),
            .required("drift", number().orNull, "How far the weights are from the sums they come from, relative."),
            .required("solves", count, "How often the weights were solved anew from the sums."),
            .optional(
                "balanced_version", version.orNull,
                "Where `imbalance` is not `none`: the version that the balanced weights were made from, null while there are none."),
            .required("evaluation", evaluation, "Test-then-train accuracy: each row predicted before it was learned."),
            .required(
                "calibration", calibration.orNull,
                "How far probabilities by the plain weights can be trusted; null before 200 labels were seen."),
            .optional("balanced_calibration", calibration.orNull, "The same of the balanced weights, where `imbalance` is not `none`."),
            .required(
                "log_bytes", count.orNull, "Bytes of learned rows that are in the log and in no checkpoint; null without `--data`."),
            .required("checkpoint_version", version.orNull, "The version that the newest checkpoint holds; null without `--data`."),
            .required("checkpoint_age_seconds", age.orNull, "How old it is; null without `--data`."),
            .required("queue_depth", count, "Requests that wait for the model's worker."),
            .required(
                "last_rebalance",
                object([.required("version", version), .required("age_seconds", age), .required("seconds", age)]).orNull,
                "The last refresh of the balanced weights: its version, its age, and how long it took; null before the first."),
            .required("memory_bytes", count, "What the model takes."),
        ]
    ).named("ModelDetails")

    static let calibrationMembers: [Member] = [
        .required(
            "temperature", number().adding("exclusiveMinimum", .integer(0)), "Probabilities are the softmax of score / temperature."),
        .required("samples", count, "The labelled rows that it was fitted to; the last thousand or so count."),
    ]

    private static let calibration = object(
        calibrationMembers + [
            .required(
                "expected_calibration_error", share.orNull,
                "How far probabilities were from the share of right predictions, test-then-train, over the last thousand rows or so."),
            .required("expected_calibration_error_raw", share.orNull, "The same for the softmax of the scores as they are."),
        ]
    ).named("Calibration")

    private static let age = number(0 ... .greatestFiniteMagnitude)

    private static let evaluation = object(
        [.required("evaluated_samples", count)] + accuracies + [
            .required(
                "window",
                object([.required("samples", count)] + accuracies + [.required("capacity", count, "The most rows that it spans.")]),
                "The same over the last rows."),
            .required(
                "classes",
                array(
                    of: object([
                        .required("label", label), .required("count", count, "Its rows, learned or merged."),
                        .required("accuracy", share.orNull), .required("window_accuracy", share.orNull),
                    ])), "By class, in the order in which they appeared."),
            .required(
                "confusion",
                array(of: object([.required("label", label), .required("predicted", label), .required("count", count)])),
                "How often rows of one class were taken for another."),
        ]
    ).named("Evaluation")

    private static let accuracies: [Member] = [
        .required("accuracy", share.orNull, "Null where no row was evaluated."),
        .required("balanced_accuracy", share.orNull, "The mean of the accuracies of the classes."),
    ]

    static let modelHistory = object([
        .required("model", modelName), .required("version", version),
        .required("window_capacity", count, "The most rows that the window spans."),
        .required(
            "points",
            array(
                of: object([
                    .required("evaluated_samples", count, "The rows predicted before they were learned, so far."),
                    .required("accuracy", share.orNull), .required("balanced_accuracy", share.orNull),
                    .required("window_accuracy", share.orNull), .required("window_balanced_accuracy", share.orNull),
                ]), count: 0...(EvaluationHistory.capacity + 1)), "In the order of the stream; the last is the present."),
    ]).named("ModelHistory")

    static let rebalanced = object([
        .required("model", modelName), .required("version", version), .required("balanced_version", version),
    ]).named("Rebalanced")

    static let merged = object([
        .required("model", modelName), .required("version", version), .required("samples", samples), .required("classes", classCount),
        .required("rows", count, "The rows that the snapshot added."),
        .required("new_classes", array(of: label), "The classes that it added."),
    ]).named("Merged")

    static let problem = object([
        .required("type", string(), "`about:blank`: the status says what it is."),
        .required("title", string(), "The status's reason phrase."),
        .required("status", integer(400...599)),
        .required("detail", string(), "What was wrong, and what was expected."),
        .optional("rows_applied", count, "Of a body that is learned as it arrives: the rows that were learned before."),
    ]).described("Problem details (RFC 9457).").named("Problem")
}
