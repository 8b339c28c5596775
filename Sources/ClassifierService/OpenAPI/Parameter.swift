internal import ModelHost
internal import TensorFormats

/// A parameter of an operation (OpenAPI 3.1, section 4.8.12).
struct Parameter: Sendable {
    /// Its place in a request.
    enum Place: String, Sendable { case path, query, header }

    let name: String
    let place: Place
    let schema: Schema
    let description: String
    /// A value that works with the operation's examples.
    var example: JSONValue?
    /// One that works only with those for a model that has learned enough for probabilities.
    var calibratedExample: JSONValue?
    /// Path parameters are required, others are optional.
    var isRequired: Bool { place == .path }

    /// A segment of the path.
    static func path(_ name: String, _ schema: Schema, _ description: String, example: JSONValue) -> Parameter {
        Parameter(name: name, place: .path, schema: schema, description: description, example: example)
    }

    /// An item of the query.
    static func query(_ name: String, _ schema: Schema, _ description: String, example: JSONValue? = nil) -> Parameter {
        Parameter(name: name, place: .query, schema: schema, description: description, example: example)
    }

    /// An item of the query in examples for a model that has learned enough for probabilities.
    static func query(_ name: String, _ schema: Schema, _ description: String, calibrated: JSONValue) -> Parameter {
        Parameter(name: name, place: .query, schema: schema, description: description, calibratedExample: calibrated)
    }

    /// A header field.
    static func header(_ name: String, _ schema: Schema, _ description: String, example: JSONValue? = nil) -> Parameter {
        Parameter(name: name, place: .header, schema: schema, description: description, example: example)
    }
}

extension Parameter {
    /// The model in the path.
    static let model = path("model", .string(pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"), "The model's name.", example: .string("fruit"))

    /// The class in the path. An encoded NUL is refused, as in any path.
    static let label = path(
        "label", .string(pattern: "^[^\\u0000]+$", length: 1...1024), "The class's label, percent-encoded, `/` as `%2F`.",
        example: .string("banana"))

    /// The key under which a request is applied once.
    static let idempotencyKey = header(
        "Idempotency-Key", .string(pattern: "^[ -~]+$", length: 1...IdempotencyKey.maximumLength),
        "A unique name for this request, chosen by the client. A request sent again with the same key and body is applied once and gets "
            + "the first answer again; with the same key and a different body, it is refused with 422.",
        example: .string("8c2f3c6e-5d1a-4c39-9c0e-0f2f5a9f2b11"))
}
