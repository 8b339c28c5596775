internal import HTTPServer
internal import TensorFormats

/// The encoding of an operation's parts.
extension Operation {
    /// All schemas that the operation uses.
    var schemas: [Schema] {
        var schemas = parameters.map(\.schema)
        let contents = (body?.content ?? []) + answers.flatMap(\.content)
        for content in contents { schemas += [content.schema] + (content.line.map { [$0] } ?? []) }
        let headers = answers.flatMap(\.headers) + refusals.flatMap(\.headers)
        return schemas + headers.map(\.schema)
    }
}

extension Parameter {
    var value: JSONValue {
        var object: JSONObject = [
            "name": .string(name), "in": .string(place.rawValue), "description": .string(description), "schema": schema.value,
        ]
        if isRequired { object["required"] = .bool(true) }
        CalibratedExample.add(example, calibrated: calibratedExample, to: &object)
        return .object(object)
    }
}

extension MediaContent {
    var value: JSONValue {
        var object: JSONObject = ["schema": schema.value]
        CalibratedExample.add(example, calibrated: calibratedExample, to: &object)
        // OpenAPI 3.2 calls it itemSchema.
        if let line { object["x-item-schema"] = line.value }
        return .object(object)
    }
}

extension RequestBody {
    func value(defaultLimit: Int) -> JSONValue {
        let limit = isUnlimited ? "" : " At most \(maximumSize ?? defaultLimit) octets."
        return .object([
            "description": .string(description + limit), "required": .bool(isRequired),
            "content": .object(content.reduce(into: JSONObject()) { $0[$1.type] = $1.value }),
        ])
    }
}

extension AnswerHeader {
    var value: JSONValue {
        var object: JSONObject = ["description": .string(description), "schema": schema.value]
        if isRequired { object["required"] = .bool(true) }
        return .object(object)
    }

    /// Header fields of an answer, including the one that all have.
    static func values(_ headers: [AnswerHeader]) -> JSONValue {
        var object: JSONObject = ["X-Request-Id": OpenAPIDocument.reference("headers", "X-Request-Id")]
        for header in headers { object[header.name] = header.value }
        return .object(object)
    }
}

extension Answer {
    var value: JSONValue {
        var object: JSONObject = ["description": .string(description), "headers": AnswerHeader.values(headers)]
        if !content.isEmpty { object["content"] = .object(content.reduce(into: JSONObject()) { $0[$1.type] = $1.value }) }
        return .object(object)
    }
}

extension Refusal {
    func value(_ form: ErrorForm) -> JSONValue {
        .object([
            "description": .string(reason), "headers": AnswerHeader.values(headers),
            "content": .object([form.mediaType: content(form)]),
        ])
    }

    private func content(_ form: ErrorForm) -> JSONValue {
        var object: JSONObject = ["schema": form.schema.value]
        if let detail { object["example"] = form.example(status, detail: detail) }
        return .object(object)
    }

    /// The answer, extended by this problem with the same status.
    func joined(to answer: JSONValue, _ form: ErrorForm) -> JSONValue {
        guard var object = answer.object, var contents = object["content"]?.object else { return value(form) }
        if contents[form.mediaType] == nil { contents[form.mediaType] = content(form) }
        object["content"] = .object(contents)
        object["description"] = .string((object["description"]?.string ?? "") + " " + reason)
        return .object(object)
    }
}
