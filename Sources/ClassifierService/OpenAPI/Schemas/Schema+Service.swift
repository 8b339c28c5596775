internal import TensorFormats

/// The service's own answers.
extension Schema {
    static let liveness = object([.required("live", bool)]).named("Liveness")
    static let readiness = object([.required("live", bool), .required("ready", bool)]).named("Readiness")

    /// Only the outline: OpenAPI 3.1 (appendix) has a schema of its own for the rest.
    static let document = object([
        .required("openapi", string(pattern: "^3\\.1\\.")), .required("info", anyObject), .required("servers", array(of: anyObject)),
        .required("tags", array(of: anyObject)), .required("paths", anyObject), .required("components", anyObject),
        .optional("security", array(of: anyObject)),
    ])

    static let traffic = object([
        .required("model", string().orNull, "The model whose rows are counted; null for all models."),
        .required("interval_seconds", amount, "The length of a period."),
        .required(
            "points",
            array(
                of: object([
                    .required("seconds_ago", amount, "When the period ended; 0 for the current one."),
                    .required("seconds", amount, "How long it took."),
                    .required("requests_per_second", amount.orNull, "Answered requests, to any call. Null if the server could not count."),
                    .required("learned_rows_per_second", amount.orNull, "Learned rows. Null if the server could not count."),
                    .required("predict_p50_seconds", amount.orNull, "Half of the predictions took at most this; null if there were none."),
                    .required("predict_p99_seconds", amount.orNull, "99 % took at most this."),
                    .required("learn_p50_seconds", amount.orNull, "The same for learn requests."),
                    .required("learn_p99_seconds", amount.orNull),
                ]), count: 0...(TrafficHistory.capacity + 1)), "The oldest first."),
    ]).named("Traffic")

    private static let amount = Schema(["type": .string("number"), "minimum": .integer(0)])

    private static let anyObject = Schema(["type": .string("object")])
}
