internal import HTTPServer

/// Problems that several operations have.
extension Refusal {
    static let body = Refusal(
        .badRequest, "The body is malformed, or has a value that is not expected: `detail` names the row and the field.",
        detail: "\"features\"[1] has 2 values, expected 3")
    static let badQuery = Refusal(.badRequest, "A query parameter is not known, or has a value that is not expected.")
    static let unknownModel = Refusal(.notFound, "There is no such model.", detail: "there is no model named \"fruit\"")
    static let unknownClass = Refusal(.notFound, "There is no such model, or it has no such class.")
    static let doesNotFit = Refusal(.unprocessableContent, "The model would not fit in memory: `detail` says what it would take.")
    static let rowFormat = Refusal(
        .unsupportedMediaType, "The body's format is not taken here.",
        headers: [AnswerHeader(name: "Accept-Post", schema: .string(), description: "The media types that are taken.", isRequired: false)])
    static let busy = Refusal(
        .serviceUnavailable,
        "Too much is waiting, or the model is being made or recovered, or it changes no more since a disk failed. With `Retry-After` a later try may pass.",
        headers: [.retryAfter])
    static let storage = Refusal(
        .insufficientStorage, "There is no room on disk or in memory; the request changed nothing.", headers: [.retryAfter])
}

extension AnswerHeader {
    static let retryAfter = AnswerHeader(
        name: "Retry-After", schema: .integer(0...86400), description: "Seconds after which a later try may pass.", isRequired: false)
}
