internal import HTTPServer

extension Operation {
    static let liveness = Operation(
        .get, "/healthz", access: .anyone, id: "liveness", tag: .service, summary: "Whether the process lives",
        refusesOtherQueryItems: false,
        answers: [Answer(.ok, "It lives.", .json(.liveness, example: #"{"live":true}"#))])

    static let readiness = Operation(
        .get, "/readyz", access: .anyone, id: "readiness", tag: .service, summary: "Whether all models are there and can learn",
        refusesOtherQueryItems: false,
        answers: [
            Answer(.ok, "They are.", .json(.readiness, example: #"{"live":true,"ready":true}"#)),
            Answer(
                .serviceUnavailable, "Some are still being read from the data directory, or cannot learn.",
                .json(.readiness, example: #"{"live":true,"ready":false}"#)),
        ])

    static let document = Operation(
        .get, "/openapi.json", access: .anyone, id: "document", tag: .service, summary: "This document",
        parameters: [.header("If-None-Match", .string(), "The `ETag` of the document that the client has.")],
        refusesOtherQueryItems: false,
        answers: [
            Answer(.ok, "The document.", .json(.document), headers: [.entityTag, .cacheControl]),
            Answer(.notModified, "The client's document is current.", headers: [.entityTag, .cacheControl]),
        ])
}

extension AnswerHeader {
    static let entityTag = AnswerHeader(name: "ETag", schema: .string(pattern: "^\".+\"$"), description: "Names the content.")
    static let cacheControl = AnswerHeader(name: "Cache-Control", schema: .string(), description: "`no-cache`: ask again with the `ETag`.")
}
