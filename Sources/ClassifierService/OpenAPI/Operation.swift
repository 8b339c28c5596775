internal import HTTPServer

/// A route as its callers see it: `RouteSet` serves it, and `GET /openapi.json` describes it (OpenAPI 3.1, section 4.8.10).
///
/// What every route shares is added by `OpenAPIDocument`: requests that are malformed, for another host, from another origin or without a
/// token, and bodies that are too large or too slow.
struct Operation: Sendable {
    let method: Method
    /// As `/v1/models/{model}/learn`. The parameters in it are described by `parameters`.
    let path: String
    /// Who may call it.
    let access: RouteAccess
    /// A name for programs, unique in the document: `learn`.
    let id: String
    let tag: Tag
    /// A few words.
    let summary: String
    /// What a caller must know beyond them, as CommonMark.
    var description = ""
    var parameters: [Parameter] = []
    /// Whether query items that are not among `parameters` are refused: a misspelt one would otherwise be passed over in silence.
    var refusesOtherQueryItems = true
    var body: RequestBody?
    /// Answers other than problems.
    var answers: [Answer]
    /// Problems beyond those that every route shares.
    var refusals: [Refusal] = []

    /// - Parameter access: nil: reading for methods that are safe, else writing.
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
