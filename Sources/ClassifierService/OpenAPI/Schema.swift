internal import TensorFormats

/// A JSON Schema (draft 2020-12), as used by OpenAPI 3.1.
///
/// A schema with a name is written once, among the document's components, and referenced wherever it is used; a schema carries the named
/// schemas that it refers to, so that none has to be registered.
struct Schema: Sendable {
    /// The keywords written where the schema is used.
    var keywords: JSONObject
    /// All named schemas that it refers to, directly or through others.
    private(set) var components: [String: JSONObject]

    /// A schema of these keywords.
    ///
    /// - Parameter parts: the schemas that `keywords` contain.
    init(_ keywords: JSONObject, containing parts: [Schema] = []) {
        self.keywords = keywords
        components = parts.reduce(into: [:]) { Self.merge($1.components, into: &$0) }
    }

    /// The schema as a value of the document.
    var value: JSONValue { .object(keywords) }

    /// The same schema as a component with a name, which must be unique in the document.
    func named(_ name: String) -> Schema {
        var reference = Schema(["$ref": .string("#/components/schemas/\(name)")], containing: [self])
        Self.merge([name: keywords], into: &reference.components)
        return reference
    }

    /// The same schema with a description.
    func described(_ text: String) -> Schema { adding("description", .string(text)) }

    /// The same schema with one more keyword.
    func adding(_ keyword: String, _ value: JSONValue) -> Schema {
        var copy = self
        copy.keywords[keyword] = value
        return copy
    }

    /// Adds components.
    ///
    /// - Precondition: each name belongs to one schema.
    static func merge(_ added: [String: JSONObject], into components: inout [String: JSONObject]) {
        components.merge(added) { known, new in
            precondition(known == new, "two schemas have the same name: \(JSONValue.object(new))")
            return known
        }
    }
}
