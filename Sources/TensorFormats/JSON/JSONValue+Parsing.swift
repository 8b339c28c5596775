extension JSONValue {
    /// The deepest nesting that parsing accepts.
    public static let maximumDepth = 64

    /// Parses one JSON text.
    ///
    /// - Throws: `JSONError`; also for nesting beyond `maximumDepth`, for a key that occurs twice in an object, and for anything but white
    ///   space after the value.
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
    /// Reads the next value of any kind completely.
    ///
    /// - Throws: `JSONError`; also for nesting beyond `JSONValue.maximumDepth` and for a key that occurs twice.
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
            var keys: Set<ExactName> = []
            try beginObject()
            while let key = try nextKey() {
                let name = key.description
                guard keys.insert(ExactName(name)).inserted else { throw JSONError(.duplicateKey(name), at: key.offset) }
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
        let textEnd = position
        let whole = number.whole(base)
        // −0 is left to Double, which can distinguish it from 0.
        if number.isInteger, let value = Self.integer(whole, isNegative: number.isNegative) { return value }
        position = start
        let double = try readDouble()
        // Only a whole Double can pass for an integer; past 64 bits that does not matter.
        guard double == double.rounded(.towardZero), double.magnitude <= 0x1p64, whole != .tooLarge else { return .number(double) }
        if case .magnitude(let magnitude) = whole {
            // Up to 2⁵³ a Double is exactly the integer; past it, its shortest digits, with which it would be written, may be those of
            // another integer.
            if magnitude <= 1 << 53 { return .number(double) }
            if let value = Self.integer(whole, isNegative: number.isNegative) { return value }
        }
        let text = UnsafeRawBufferPointer(start: base + start, count: textEnd - start)
        return .rounded(double, String(decoding: text, as: UTF8.self))
    }

    /// The integer, if it fits 64 bits and is not −0.
    private static func integer(_ whole: DecimalNumber.Whole, isNegative: Bool) -> JSONValue? {
        guard case .magnitude(let magnitude) = whole, !(isNegative && magnitude == 0) else { return nil }
        if let value = Int(magnitude, isNegative: isNegative) { return .integer(value) }
        return isNegative ? nil : .unsigned(magnitude)
    }
}
