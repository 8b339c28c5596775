internal import TensorFormats

extension Schema {
    // MARK: Plain values

    /// Text.
    ///
    /// - Parameters:
    ///   - pattern: a regular expression (ECMA-262) that it matches.
    ///   - length: the number of characters.
    static func string(pattern: String? = nil, length: ClosedRange<Int>? = nil) -> Schema {
        var keywords: JSONObject = ["type": .string("string")]
        if let pattern { keywords["pattern"] = .string(pattern) }
        if let length {
            keywords["minLength"] = .integer(length.lowerBound)
            if length.upperBound < .max { keywords["maxLength"] = .integer(length.upperBound) }
        }
        return Schema(keywords)
    }

    /// One of some texts.
    static func oneOf(_ texts: String...) -> Schema {
        guard texts.count > 1 else { return Schema(["type": .string("string"), "const": .string(texts[0])]) }
        return Schema(["type": .string("string"), "enum": .array(texts.map { .string($0) })])
    }

    /// An integer; without bounds, one that fits 64 bits.
    static func integer(_ range: ClosedRange<Int> = .min ... .max) -> Schema {
        Schema(["type": .string("integer"), "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)])
    }

    /// A count.
    static var count: Schema { Schema(["type": .string("integer"), "minimum": .integer(0)]) }

    /// An unsigned 64-bit integer.
    static var unsigned64: Schema {
        Schema(["type": .string("integer"), "minimum": .integer(0), "maximum": .unsigned(.max)])
    }

    /// A number within bounds.
    static func number(_ range: ClosedRange<Double>? = nil) -> Schema {
        var keywords: JSONObject = ["type": .string("number")]
        if let range {
            keywords["minimum"] = .number(range.lowerBound)
            keywords["maximum"] = .number(range.upperBound)
        }
        return Schema(keywords)
    }

    /// A share, from 0 to 1.
    static var share: Schema { number(0...1) }

    /// True or false.
    static var bool: Schema { Schema(["type": .string("boolean")]) }

    /// Octets that are not JSON.
    static func octets(_ mediaType: String) -> Schema {
        Schema(["type": .string("string"), "contentMediaType": .string(mediaType)])
    }

    // MARK: Composed values

    /// An array.
    static func array(of item: Schema, count: ClosedRange<Int> = 0 ... .max) -> Schema {
        var keywords: JSONObject = ["type": .string("array"), "items": item.value]
        if count.lowerBound > 0 { keywords["minItems"] = .integer(count.lowerBound) }
        if count.upperBound < .max { keywords["maxItems"] = .integer(count.upperBound) }
        return Schema(keywords, containing: [item])
    }

    /// An object.
    ///
    /// - Parameter isClosed: whether other keys are refused; objects sent by the server may get more keys later.
    static func object(_ members: [Member], isClosed: Bool = false) -> Schema {
        var properties = JSONObject()
        for member in members { properties[member.name] = member.schema.value }
        var keywords: JSONObject = ["type": .string("object"), "properties": .object(properties)]
        let required = members.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { keywords["required"] = .array(required) }
        if isClosed { keywords["additionalProperties"] = .bool(false) }
        return Schema(keywords, containing: members.map(\.schema))
    }

    /// A value that matches exactly one of several schemas.
    static func oneOf(_ schemas: [Schema]) -> Schema {
        Schema(["oneOf": .array(schemas.map(\.value))], containing: schemas)
    }

    /// The same, or null.
    var orNull: Schema {
        guard let type = keywords["type"], case .string = type else {
            return Schema(["oneOf": .array([value, .object(["type": .string("null")])])], containing: [self])
        }
        return adding("type", .array([type, .string("null")]))
    }
}
