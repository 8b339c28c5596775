internal import HTTPServer

/// A route as its callers see it: `RouteSet` serves it, and `GET /openapi.json` describes it (OpenAPI 3.1, section 4.8.10).
///
/// `OpenAPIDocument` adds what all routes share: refusals of requests that are malformed, for another host, from another origin or without
/// a token, and of bodies that are too large or too slow.
struct Operation: Sendable {
    let method: Method
    /// Such as `/v1/models/{model}/learn`. `parameters` describes the parameters in it.
    let path: String
    /// Who may call it.
    let access: RouteAccess
    /// A name for programs, unique in the document, such as `learn`.
    let id: String
    let tag: Tag
    /// A few words.
    let summary: String
    /// Further information for callers, as CommonMark.
    var description = ""
    var parameters: [Parameter] = []
    /// Whether query items that are not among `parameters` are refused: a misspelt one would otherwise be ignored silently.
    var refusesOtherQueryItems = true
    var body: RequestBody?
    /// Answers other than problems.
    var answers: [Answer]
    /// Problems beyond those that every route shares.
    var refusals: [Refusal] = []

    /// - Parameter access: nil means reading for safe methods, otherwise writing.
    init(
        _ method: Method, _ path: String, access: RouteAccess? = nil, id: String, tag: Tag, summary: String, description: String = "",
        parameters: [Parameter] = [], refusesOtherQueryItems: Bool = true, body: RequestBody? = nil, answers: [Answer],
        refusals: [Refusal] = []
    ) {
        self.method = method
        self.path = path
        self.access = access ?? (method.isSafe ? .reading : .writing)
        self.id = id
        self.tag = tag
        self.summary = summary
        self.description = description
        self.parameters = parameters
        self.refusesOtherQueryItems = refusesOtherQueryItems
        self.body = body
        self.answers = answers
        self.refusals = refusals
    }
}
