internal import HTTPServer
internal import TensorFormats

extension Operation {
    static let liveness = Operation(
        .get, "/healthz", access: .anyone, id: "liveness", tag: .service, summary: "Check that the process is alive",
        refusesOtherQueryItems: false,
        answers: [Answer(.ok, "The process is alive.", .json(.liveness, example: #"{"live":true}"#))])

    static let readiness = Operation(
        .get, "/readyz", access: .anyone, id: "readiness", tag: .service, summary: "Check that all models are loaded and can learn",
        refusesOtherQueryItems: false,
        answers: [
            Answer(.ok, "All models are ready.", .json(.readiness, example: #"{"live":true,"ready":true}"#)),
            Answer(
                .serviceUnavailable, "Some models are still being recovered from the data directory, or cannot learn.",
                .json(.readiness, example: #"{"live":true,"ready":false}"#)),
        ])

    static let dashboard = Operation(
        .get, "/", access: .anyone, id: "dashboard", tag: .service, summary: "The dashboard",
        description: "A web page. It contains no data; its calls need a token like any other.",
        parameters: [.header("If-None-Match", .string(), "The `ETag` of the client's copy.")],
        refusesOtherQueryItems: false,
        answers: [
            Answer(.ok, "The page.", MediaContent(type: "text/html", schema: .string()), headers: [.entityTag, .cacheControl]),
            Answer(.notModified, "The client's page is current.", headers: [.entityTag, .cacheControl]),
        ])

    static let dashboardFile = Operation(
        .get, "/dashboard/{file}", access: .anyone, id: "dashboard_file", tag: .service, summary: "A script or style of the dashboard",
        parameters: [
            .path("file", .string(pattern: "^[a-z-]+\\.[a-z]+$", length: 1...100), "The file's name.", example: .string("main.js")),
            .header("If-None-Match", .string(), "The `ETag` of the client's copy."),
        ],
        answers: [
            Answer(
                .ok, "The file.", MediaContent(type: "text/javascript", schema: .string()),
                MediaContent(type: "text/css", schema: .string()), MediaContent(type: "image/svg+xml", schema: .string()),
                headers: [.entityTag, .cacheControl]),
            Answer(.notModified, "The client's file is current.", headers: [.entityTag, .cacheControl]),
        ],
        refusals: [Refusal(.notFound, "There is no such file.")])

    static let document = Operation(
        .get, "/openapi.json", access: .anyone, id: "document", tag: .service, summary: "This document",
        parameters: [.header("If-None-Match", .string(), "The `ETag` of the client's copy.")],
        refusesOtherQueryItems: false,
        answers: [
            Answer(.ok, "The document.", .json(.document), headers: [.entityTag, .cacheControl]),
            Answer(.notModified, "The client's document is current.", headers: [.entityTag, .cacheControl]),
        ])
}

extension AnswerHeader {
    static let entityTag = AnswerHeader(name: "ETag", schema: .string(pattern: "^\".+\"$"), description: "Identifies the content.")
    static let cacheControl = AnswerHeader(name: "Cache-Control", schema: .string(), description: "`no-cache`: revalidate with the `ETag`.")
}
