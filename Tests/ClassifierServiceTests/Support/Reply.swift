import TensorFormats

/// An answer of the server.
struct Reply: Sendable {
    var status: Int
    /// By lower-case name.
    var fields: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The content as JSON, or null.
    var json: JSONValue { (try? JSONValue(parsing: text)) ?? .null }

    /// The text without ages, which differ in every answer.
    var textWithoutAges: String { text.replacing(/"(checkpoint_age_seconds|age_seconds)":[0-9.e-]+/, with: "") }

    /// A member of the content.
    subscript(key: String) -> JSONValue { json[key] }

    /// The `detail` of a problem; empty if the content is not a problem with the answer's own status.
    var problemDetail: String {
        guard fields["content-type"] == "application/problem+json", json["status"].int == status else { return "" }
        return json["detail"].string ?? ""
    }
}

extension JSONValue {
    /// A member of an object, or null.
    subscript(key: String) -> JSONValue { object?[key] ?? .null }

    /// An entry of an array, or null.
    subscript(index: Int) -> JSONValue {
        guard let array, array.indices.contains(index) else { return .null }
        return array[index]
    }
}
