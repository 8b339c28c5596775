internal import TensorFormats

/// Content of one media type, of a request or an answer (OpenAPI 3.1, section 4.8.14).
struct MediaContent: Sendable {
    let type: String
    let schema: Schema
    /// A working example: sent to a server in the state of the other examples, it does what the operation says.
    var example: JSONValue?
    /// Another one for a model that has learned enough for probabilities.
    var calibratedExample: JSONValue?
    /// For a text with one JSON value per line, the schema of a line.
    var line: Schema?

    /// JSON.
    static func json(_ schema: Schema, example: JSONValue? = nil) -> MediaContent {
        MediaContent(type: "application/json", schema: schema, example: example)
    }

    /// JSON, with the example as text.
    static func json(_ schema: Schema, example: StaticString) -> MediaContent {
        json(schema, example: .example(example))
    }

    /// JSON, with both examples as text.
    static func json(_ schema: Schema, example: StaticString, calibrated: StaticString) -> MediaContent {
        var content = json(schema, example: example)
        content.calibratedExample = .example(calibrated)
        return content
    }

    /// One JSON value per line.
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
