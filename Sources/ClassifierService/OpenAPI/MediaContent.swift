internal import TensorFormats

/// Content of one media type, of a request or an answer (OpenAPI 3.1, section 4.8.14).
struct MediaContent: Sendable {
    let type: String
    let schema: Schema
    /// True content: sent to a server that is in the state of the other examples, it does what the operation says.
    var example: JSONValue?
    /// Of a text with one JSON value a line, the schema of a line.
    var line: Schema?

    /// JSON.
    static func json(_ schema: Schema, example: JSONValue? = nil) -> MediaContent {
        MediaContent(type: "application/json", schema: schema, example: example)
    }

    /// JSON, with the example as it would be written.
    static func json(_ schema: Schema, example: StaticString) -> MediaContent {
        json(schema, example: .example(example))
    }

    /// One JSON value a line.
    static func lines(_ type: String, of line: Schema, example: String) -> MediaContent {
        MediaContent(type: type, schema: .string(), example: .string(example), line: line)
    }

    /// Octets of another format.
    static func octets(_ type: String) -> MediaContent {
        MediaContent(type: type, schema: .octets(type))
    }
}

extension JSONValue {
    /// An example from its text.
    ///
    /// - Precondition: it is JSON.
    static func example(_ text: StaticString) -> JSONValue {
        guard let value = try? JSONValue(parsing: text.description) else { preconditionFailure("an example is no JSON: \(text)") }
        return value
    }
}
