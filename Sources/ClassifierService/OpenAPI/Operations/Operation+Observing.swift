internal import HTTPServer
internal import TensorFormats

extension Operation {
    static let events = Operation(
        .get, "/v1/models/{model}/events", id: "events", tag: .models, summary: "Follow a model's events",
        description: """
            An endless stream of server-sent events (WHATWG HTML, section 9.2). Each has an `id`, a number that grows by one, an `event`, \
            its kind, and `data`, one JSON object:

            - `state`, always the first: `model`, `version`, `samples`, `classes`
            - `learned`, for each block of rows learned together: `version`, `rows`, `samples`, `classes`, `new_classes`, \
            `accuracy_before` and `served_accuracy_before`; if a block has very many new classes, `new_classes_not_named` counts those \
            left out
            - `rebalanced`: `version`, `balanced_version`, `seconds`
            - `checkpointed`: `version`, `bytes`, `seconds`
            - `drift_healed`: `version`, `drift_before`, `drift`
            - `changed`: `version`, `change` (`unlearned`, `merged`, `reconfigured`, `restored`, `class_renamed`, `class_deleted`, \
            `classes_joined` or `ridge_moved`, with `former_ridge` and `ridge`)
            - `deleted`, the last
            - `dropped`: `events`, how many this reader missed because it was slow or reconnected late; null if unknown

            A comment every 15 seconds keeps the connection alive.
            """,
        parameters: [
            .model,
            .header(
                "Last-Event-ID", .string(),
                "The `id` of the last event that the client has seen: the stream begins with those after it that are still kept.",
                example: .string("0")),
        ],
        answers: [
            Answer(
                .ok, "The events.",
                MediaContent(
                    type: "text/event-stream", schema: .string(),
                    example: .string(
                        "id: 1838568327642113\nevent: state\ndata: {\"model\":\"fruit\",\"version\":1,\"samples\":4,\"classes\":2}\n\n")),
                headers: [.noStore, .unbuffered])
        ],
        refusals: [.unknownModel, .busy])

    static let metrics = Operation(
        .get, "/metrics", id: "metrics", tag: .service, summary: "Metrics for Prometheus",
        description: "The Prometheus text format, or OpenMetrics if `Accept` prefers it.", refusesOtherQueryItems: false,
        answers: [
            Answer(
                .ok, "The metrics.", MediaContent(type: "text/plain", schema: .string()),
                MediaContent(type: "application/openmetrics-text", schema: .string()), headers: [.noStore, .variesByAccept])
        ],
        refusals: [.busy])

    static let traffic = Operation(
        .get, "/v1/traffic", id: "traffic", tag: .service, summary: "Show the traffic of the last ten minutes",
        description: """
            Requests a second, learned rows a second and latencies, in periods of five seconds; what a chart starts with. The oldest \
            period comes first. The last one is the current period, once it is a second long. Latencies are those of all models, inside \
            the server, by either protocol; they come from the buckets of the histograms in `/metrics`.
            """,
        parameters: [
            .query(
                "model", Parameter.model.schema, "The model whose learned rows are returned; if left out, those of all models.",
                example: .string("fruit"))
        ],
        answers: [Answer(.ok, "The periods.", .json(.traffic, example: trafficOfFruit), headers: [.noStore])],
        refusals: [.unknownModel, .busy])

    private static let trafficOfFruit: StaticString = """
        {"model":"fruit","interval_seconds":5,"points":[{"seconds_ago":1.5,"seconds":5,"requests_per_second":12.4,\
        "learned_rows_per_second":32,"predict_p50_seconds":0.000175,"predict_p99_seconds":0.00049,"learn_p50_seconds":null,\
        "learn_p99_seconds":null}]}
        """
}

extension AnswerHeader {
    fileprivate static let noStore = AnswerHeader(name: "Cache-Control", schema: .oneOf("no-store"), description: "Never cached.")
    fileprivate static let unbuffered = AnswerHeader(
        name: "X-Accel-Buffering", schema: .oneOf("no"), description: "Tells proxies not to buffer events.")
    fileprivate static let variesByAccept = AnswerHeader(
        name: "Vary", schema: .string(pattern: "Accept"), description: "The format depends on `Accept`.")
}
