internal import HTTPServer

/// Problems shared by several operations.
extension Refusal {
    static let body = Refusal(
        .badRequest, "The body is malformed or has an invalid value: `detail` names the row and the field.",
        detail: "\"features\"[1] has 2 values, expected 3")
    static let badQuery = Refusal(.badRequest, "A query parameter is unknown or has an invalid value.")
    static let unknownModel = Refusal(.notFound, "There is no such model.", detail: "there is no model named \"fruit\"")
    static let unknownClass = Refusal(.notFound, "There is no such model, or the model has no such class.")
    static let doesNotFit = Refusal(.unprocessableContent, "The model would not fit in memory: `detail` says how much it would take.")
    static let rowFormat = Refusal(
        .unsupportedMediaType, "The body's format is not supported.",
        headers: [AnswerHeader(name: "Accept-Post", schema: .string(), description: "The supported media types.", isRequired: false)])
    static let busy = Refusal(
        .serviceUnavailable,
        """
        Too much is waiting, the model is being created or recovered, or a disk failed and the model no longer changes. With \
        `Retry-After`, try again later.
        """,
        headers: [.retryAfter])
    static let storage = Refusal(
        .insufficientStorage, "There is no room on disk or in memory; the request changed nothing.", headers: [.retryAfter])
}

extension AnswerHeader {
    static let retryAfter = AnswerHeader(
        name: "Retry-After", schema: .integer(0...86400), description: "Seconds after which to try again.", isRequired: false)
}
