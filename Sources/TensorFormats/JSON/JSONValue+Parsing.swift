extension JSONValue {
    /// The deepest nesting that is parsed.
    public static let maximumDepth = 64

    /// Parses one JSON text.
    ///
    /// - Throws: `JSONError`; also for nesting beyond `maximumDepth`, for a key that stands twice in an object, and for
    ///   anything but white space after the value.
    public init(parsing text: UnsafeRawBufferPointer) throws(JSONError) {
        var scanner = JSONScanner(text)
        self = try scanner.readValue()
        try scanner.finish()
    }

    /// Parses one JSON text given as a string.
    public init(parsing text: String) throws(JSONError) {
        let bytes = Array(text.utf8)
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) -> JSONValue in
            try JSONValue(parsing: UnsafeRawBufferPointer(buffer))
        }
    }
}

extension JSONScanner {
    /// Reads the next value whole, whatever it is.
    ///
    /// - Throws: `JSONError`; also for nesting beyond `JSONValue.maximumDepth` and for a key that stands twice.
    public mutating func readValue() throws(JSONError) -> JSONValue {
        try readValue(depth: 0)
    }

    private mutating func readValue(depth: Int) throws(JSONError) -> JSONValue {
        switch try peekKind() {
        case .null:
            try readNull()
            return .null
        case .bool: return .bool(try readBool())
        case .string: return .string(try readString())
        case .number: return try readNumberValue()
        case .array:
            try checkDepth(depth)
            var values: [JSONValue] = []
            try beginArray()
            while try nextElement() { values.append(try readValue(depth: depth + 1)) }
            return .array(values)
        case .object:
            try checkDepth(depth)
            var object = JSONObject()
            var keys: Set<String> = []
            try beginObject()
            while let key = try nextKey() {
                let name = key.description
                guard keys.insert(name).inserted else { throw JSONError(.duplicateKey(name), at: key.offset) }
                object.append(name, try readValue(depth: depth + 1))
            }
            return .object(object)
        }
    }

    private func checkDepth(_ depth: Int) throws(JSONError) {
        if depth >= JSONValue.maximumDepth { throw JSONError(.tooDeep(limit: JSONValue.maximumDepth), at: position) }
    }

    private mutating func readNumberValue() throws(JSONError) -> JSONValue {
        let start = position
        let number = try scanNumber { nil }
        if number.isInteger, let magnitude = number.integerMagnitude(base) {
            // −0 is left to Double, which alone can tell it from 0.
            if number.isNegative {
                if magnitude > 0, magnitude <= Int.min.magnitude { return .integer(Int(truncatingIfNeeded: 0 &- magnitude)) }
            } else if let value = Int(exactly: magnitude) {
                return .integer(value)
            } else {
                return .unsigned(magnitude)
            }
        }
        position = start
        return .number(try readDouble())
    }
}
