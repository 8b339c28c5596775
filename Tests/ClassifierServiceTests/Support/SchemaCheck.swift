import Foundation
import TensorFormats

/// Checks values against JSON Schema (draft 2020-12), as far as the service's document uses it. Keys missing in a schema are errors,
/// although clients should expect more one day: everything served is described.
struct SchemaCheck: Sendable {
    let document: JSONValue

    /// The target of a reference.
    func resolve(_ value: JSONValue) -> JSONValue {
        guard let reference = value["$ref"].string else { return value }
        return resolve(reference.dropFirst(2).split(separator: "/").reduce(document) { $0[String($1)] })
    }

    /// The first error in a value, if any.
    func error(_ value: JSONValue, _ schema: JSONValue, _ path: String) -> String? {
        let schema = resolve(schema)
        if let options = schema["oneOf"].array {
            let errors = options.map { error(value, $0, path) }
            let count = errors.count { $0 == nil }
            return count == 1 ? nil : "\(path) is \(count) of the allowed kinds: \(errors.compactMap { $0 }.joined(separator: "; "))"
        }
        let types = schema["type"].array ?? (schema["type"] == .null ? [] : [schema["type"]])
        guard types.isEmpty || types.contains(where: { isOf($0.string ?? "", value) }) else {
            return "\(path) is \(value), expected \(types)"
        }
        if schema["const"] != .null, value != schema["const"] { return "\(path) is \(value), expected \(schema["const"])" }
        if let values = schema["enum"].array, !values.contains(value) { return "\(path) is \(value), expected one of \(values)" }
        return switch value {
        case .object(let object): error(object, schema, path)
        case .array(let values): error(values, schema, path)
        case .string(let text): error(text, schema, path)
        case .integer, .unsigned, .number, .rounded: error(value.double ?? .nan, schema, path)
        case .null, .bool: nil
        }
    }

    private func isOf(_ type: String, _ value: JSONValue) -> Bool {
        switch type {
        case "integer": value.int != nil || value.uint64 != nil
        case "boolean": value.kind == .bool
        case "object": value.kind == .object
        case "array": value.kind == .array
        case "string": value.kind == .string
        case "number": value.kind == .number
        case "null": value.kind == .null
        default: false
        }
    }

    private func error(_ object: JSONObject, _ schema: JSONValue, _ path: String) -> String? {
        for name in schema["required"].array ?? [] where object[name.string ?? ""] == nil { return "\(path) has no \(name)" }
        guard let properties = schema["properties"].object else { return nil }
        for entry in object.entries {
            let others = schema["additionalProperties"]
            guard let property = properties[entry.key] ?? (others.object == nil ? nil : others) else {
                return "\(path) has \(entry.key), which the document does not tell"
            }
            if let error = error(entry.value, property, "\(path).\(entry.key)") { return error }
        }
        return nil
    }

    private func error(_ values: [JSONValue], _ schema: JSONValue, _ path: String) -> String? {
        if let least = schema["minItems"].int, values.count < least { return "\(path) has \(values.count) entries, expected \(least)" }
        if let most = schema["maxItems"].int, values.count > most { return "\(path) has \(values.count) entries, expected \(most)" }
        for (index, value) in values.enumerated() {
            if let error = error(value, schema["items"], "\(path)[\(index)]") { return error }
        }
        return nil
    }

    private func error(_ text: String, _ schema: JSONValue, _ path: String) -> String? {
        let length = text.unicodeScalars.count
        if let least = schema["minLength"].int, length < least { return "\(path) has \(length) characters, expected \(least)" }
        if let most = schema["maxLength"].int, length > most { return "\(path) has \(length) characters, expected \(most)" }
        guard let pattern = schema["pattern"].string else { return nil }
        return text.range(of: pattern, options: .regularExpression) == nil ? "\(path) is \(text), expected \(pattern)" : nil
    }

    private func error(_ number: Double, _ schema: JSONValue, _ path: String) -> String? {
        if let least = schema["minimum"].double, number < least { return "\(path) is \(number), expected at least \(least)" }
        if let most = schema["maximum"].double, number > most { return "\(path) is \(number), expected at most \(most)" }
        if let bound = schema["exclusiveMinimum"].double, number <= bound { return "\(path) is \(number), expected above \(bound)" }
        return nil
    }
}
